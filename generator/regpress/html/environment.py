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
from jinja2.visitor import NodeTransformer
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
    if type(value) is Markup:
        return value
    # A number has nothing to escape.
    return str(value) if type(value) is int else escape(value)


#: What every template is given, so that none of a page's hundred looks at it asks whether there is one.
VIEW: Final = "view"
#: What the names of buffers begin with whose texts the generator of a whole template or block yields.
_OWN_BUFFER: Final = "own_"


class _Generator(CodeGenerator):
    """Looks attributes up directly, since views are records, and joins what stands together."""

    def write_commons(self) -> None:
        super().write_commons()
        self.writeline("text = environment.text")
        self.writeline("escaped = environment.escaped")

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:  # noqa: N802 - as the base class has it
        if node.ctx == "load" and node.name == VIEW:
            self.write(frame.symbols.ref(node.name))
        else:
            super().visit_Name(node, frame)

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
        # A block stays a text of its own: most are ASCII, which becomes bytes at once if nothing else is joined to it.
        super().visit_Block(node, self._unbuffered(frame))

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802 - as the base class has it
        # Without the context it is yielded in any case.
        super().visit_Include(node, frame if node.with_context else self._unbuffered(frame))

    def _unbuffered(self, frame: Frame) -> Frame:
        """Yield what was gathered until here, and return a frame in which everything is yielded."""
        if frame.buffer is None or not frame.buffer.startswith(_OWN_BUFFER):
            return frame
        self.writeline(f"yield ''.join({frame.buffer})")
        self.writeline(f"{frame.buffer}.clear()")
        outer = frame.copy()
        outer.buffer = None
        return outer

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_plain(frame, finalize):
            # Nearly all values are texts: for them `escaped` without the call.
            self.write("(text(value) if type(value := ")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if self._is_plain(frame, finalize):
            self.write(") is str else value if type(value) is Markup else escaped(value))")
        else:
            super()._output_child_post(node, frame, finalize)

    def _is_plain(self, frame: Frame, finalize: Any) -> bool:
        return not frame.eval_ctx.volatile and frame.eval_ctx.autoescape and finalize.src is None


#: What a part of a template may consist of so that it can stand where it is included.
_PLAIN: Final = (nodes.Output, nodes.If, nodes.For, nodes.Scope)
#: Names that mean something else in the template that includes a part.
_NOT_PLAIN: Final = frozenset({"loop", "self", "super", "caller"})


class _Inliner(NodeTransformer):
    """Puts parts where they are included: a context for each of them takes longer than what most of them show.

    Args:
        environment: whose templates they are.
        within: the templates that are being read, a part of itself among them.
    """

    def __init__(self, environment: _Environment, within: tuple[str, ...]) -> None:
        self._environment = environment
        self._within = within

    def visit_Include(self, node: nodes.Include) -> nodes.Node:  # noqa: N802 - as the base class has it
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if type(name) is not str or name in self._within or not node.with_context or node.ignore_missing:
            return node
        try:
            part = self._environment.read(name, self._within)
        except jinja2.TemplateNotFound:
            return node  # an error where it is filled, if it ever is
        return nodes.Scope(part.body, lineno=node.lineno) if _is_plain(part) else node


def _is_plain(part: nodes.Template) -> bool:
    used = {name.name for name in part.find_all(nodes.Name)}
    return used.isdisjoint(_NOT_PLAIN) and all(isinstance(found, _PLAIN) for found in part.find_all(nodes.Stmt))


class _Environment(jinja2.Environment):
    code_generator_class = _Generator
    text = staticmethod(escaped_text)
    escaped = staticmethod(escaped)
    getattr = staticmethod(getattr)  # type: ignore[assignment]

    def __init__(self, loader: jinja2.BaseLoader, compiled: jinja2.BytecodeCache | None) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=compiled,
        )
        self._known: dict[object, jinja2.Template] = {}

    def read(self, name: str, within: tuple[str, ...]) -> nodes.Template:
        """Return a template as its nodes; *within* are those that include it."""
        assert self.loader is not None
        source, filename, _ = self.loader.get_source(self, name)
        return self._inlined(super()._parse(source, name, filename), (*within, name))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return self._inlined(super()._parse(source, name, filename), (name or "",))

    def _inlined(self, template: nodes.Template, within: tuple[str, ...]) -> nodes.Template:
        _Inliner(self, within).generic_visit(template)
        return template

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


def make_environment(loader: jinja2.BaseLoader, *, compiled: jinja2.BytecodeCache | None = None) -> jinja2.Environment:
    """Return an environment that escapes everything and refuses what it does not know.

    Args:
        loader: gives the templates; a site's own before ours.
        compiled: keeps what templates are compiled to; parts that one includes must count for it, and this module.
    """
    return _Environment(loader, compiled)
