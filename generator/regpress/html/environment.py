"""The Jinja environment that the templates are written for; where templates come from is the caller's business."""

from __future__ import annotations

import jinja2


def make_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Return an environment that escapes everything and refuses what it does not know.

    Args:
        loader: gives the templates; a site's own before ours.
    """
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
