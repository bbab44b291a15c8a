"""The Jinja environment that the templates are written for; where templates come from is the caller's business.

A site has tens of thousands of pages with a hundred and fifty values each. What Jinja does for each value is made
shorter, in three places where it allows for that; what templates may say stays the same.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

#: Fewest parts of an output that are worth being joined before they are handed on.
_JOINED = 3


def escaped(value: Any) -> str:
    """Return a value as HTML text, as `markupsafe.escape` does, without an object for each of them."""
    if type(value) is str:
        return (
            value.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("'", "&#39;")
            .replace('"', "&#34;")
        )
    return value if type(value) is Markup else escape(value)


class _Generator(CodeGenerator):
    """Looks attributes up directly, since views are records, and joins what stands together."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - as the base class has it
        if iskeyword(node.attr):
            super().visit_Getattr(node, frame)
            return
        self.write("(")
        self.visit(node.node, frame)
        self.write(f").{node.attr}")

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802 - as the base class has it
        if frame.buffer is not None or frame.require_output_check or len(node.nodes) < _JOINED:
            super().visit_Output(node, frame)
            return
        # A page's parts pass through a generator for each template around them: one text is cheaper than twenty.
        inner = frame.copy()
        inner.buffer = self.temporary_identifier()
        self.writeline(f"{inner.buffer} = []")
        super().visit_Output(node, inner)
        self.writeline(f"yield ''.join({inner.buffer})")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


class _Environment(jinja2.Environment):
    code_generator_class = _Generator
    escaped = staticmethod(escaped)
    getattr = staticmethod(getattr)  # type: ignore[assignment]


def make_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Return an environment that escapes everything and refuses what it does not know.

    Args:
        loader: gives the templates; a site's own before ours.
    """
    return _Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
