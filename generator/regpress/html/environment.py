"""The Jinja environment that the templates are written for; where templates come from is the caller's business."""

from __future__ import annotations

import jinja2


class _Environment(jinja2.Environment):
    """Looks attributes up directly: views are records, and a page asks for a hundred and fifty of them."""

    getattr = staticmethod(getattr)  # type: ignore[assignment]


def make_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Return an environment that escapes everything and refuses what it does not know.

    Args:
        loader: gives the templates; a site's own before ours.
    """
    return _Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
