"""The Jinja environment that the templates are written for; where templates come from is the caller's business.

A site has tens of thousands of pages with a hundred and fifty values each. What Jinja does for each value is made
shorter, in a few places where it allows for that; what templates may say stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from keyword import iskeyword
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape


def replaced(text: str) -> str:
    """Return a text as HTML text, where MarkupSafe's compiled function is not to be had."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;").replace('"', "&#34;")
    )


try:
    # Compiled, and without an object for each text: what `markupsafe.escape` itself calls.
    from markupsafe._speedups import _escape_inner as escaped_text
except ImportError:
    escaped_text = replaced


def escaped(value: Any) -> str:
    """Return a value as HTML text, as `markupsafe.escape` does, without an object for each of them."""
    if type(value) is str:
        return escaped_text(value)
    return value if type(value) is Markup else escape(value)


#: What the names of buffers begin with whose texts the generator of a whole template or block yields.
_OWN_BUFFER: Final = "own_"


class _Generator(CodeGenerator):
    """Looks attributes up directly, since views are records, and joins what stands together."""

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("text = environment.text")
        self.writeline("escaped = environment.escaped")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - as the base class has it
        if iskeyword(node.attr):
            super().visit_Getattr(node, frame)
            return
        self.write("(")
        self.visit(node.node, frame)
        self.write(f").{node.attr}")

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        if frame.buffer is not None or frame.require_output_check:
            super().blockvisit(nodes, frame)
            return
        # A page's parts pass through a generator for each template around them: one text is cheaper than a hundred.
        inner = frame.copy()
        inner.buffer = _OWN_BUFFER + self.temporary_identifier()
        self.writeline(f"{inner.buffer} = []")
        super().blockvisit(nodes, inner)
        self.writeline(f"yield ''.join({inner.buffer})")

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:  # noqa: N802 - as the base class has it
        if frame.buffer is None or not frame.buffer.startswith(_OWN_BUFFER):
            super().visit_Block(node, frame)
            return
        # A block stays a text of its own: most are ASCII, which becomes bytes at once if nothing else is joined to it.
        self.writeline(f"yield ''.join({frame.buffer})")
        self.writeline(f"{frame.buffer}.clear()")
        outer = frame.copy()
        outer.buffer = None
        super().visit_Block(node, outer)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_plain(frame, finalize):
            # Nearly all values are texts: for them `escaped` without the call.
            self.write("(text(value) if type(value := ")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_plain(frame, finalize):
            self.write(") is str else escaped(value))")
        else:
            super()._output_child_post(node, frame, finalize)

    def _is_plain(self, frame: Frame, finalize: Any) -> bool:
        return not frame.eval_ctx.volatile and frame.eval_ctx.autoescape and finalize.src is None


class _Environment(jinja2.Environment):
    code_generator_class = _Generator
    text = staticmethod(escaped_text)
    escaped = staticmethod(escaped)
    getattr = staticmethod(getattr)  # type: ignore[assignment]

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(
            loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._known: dict[object, jinja2.Template] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        # What a template's context copies for every page; a chain of mappings takes long to copy.
        return {**self.globals, **(d or {})}

    def get_template(self, name: Any, parent: Any = None, globals: Any = None) -> jinja2.Template:  # noqa: A002 - as the base class has it
        # Every page asks for what it extends and includes; an environment lives as long as one build.
        if globals:
            return super().get_template(name, parent, globals)
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = super().get_template(name, parent)
        return found


def make_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Return an environment that escapes everything and refuses what it does not know.

    Args:
        loader: gives the templates; a site's own before ours.
    """
    return _Environment(loader)
