"""The page for people who look after a registry: a document, a stylesheet and a script, made when they are asked for.

The page knows nothing but what everybody may know; what it shows it asks ``/v1`` for, with the token of its user.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from regpress.asgi.answers import Answer, Headers, tagged
from regpress.asgi.looking import Gate
from regpress.html.site import Theme
from regpress.model.config_site import SiteConfig
from regpress.record import record

if TYPE_CHECKING:
    pass

#: Names of the templates.
_PAGE: Final = "admin/index.html"
_STYLE: Final = "admin/admin.css"
_SCRIPT: Final = "admin/admin.js"
_ICON: Final = "assets/icon.svg"

_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS: Final[Headers] = (
    (b"content-security-policy", _POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

#: How one gets in: with a ``token``; ``local`` without one, on this machine; ``look`` without one, and nobody may
#: write; ``closed`` where the configuration says nothing of who may.
Entrance = Literal["token", "local", "look", "closed"]


@record(kw_only=True)
class AdminView:
    """What ``admin/index.html`` shows.

    Attributes:
        language: of the page's own words.
        theme: colours as the reader's system has them, or fixed.
        site_title: the site's name.
        entrance: how one gets in.
        public: names of the registries that everybody may read.
        default: the name of the default one, where it is one of those.
        catalog: whether entries have pages.
    """

    language: str
    theme: Theme
    site_title: str
    entrance: Entrance
    public: tuple[str, ...]
    default: str
    catalog: bool


class AdminPage:
    """Answers requests for the admin page."""

    def __init__(self, templates: Mapping[str, bytes], site: SiteConfig, gate: Gate, *, default: str) -> None:
        """Take the parts of the page, the site's settings, what knows who may see what, and the default registry."""
        self._parts = templates
        self._site = site
        self._gate = gate
        self._default = default

    def answer(self, name: str) -> Answer | None:
        """Return the answer to a GET, None at an address that is not the page's.

        Args:
            name: the path below the site, without its first slash.
        """
        match name:
            case "admin":
                return Answer(308, headers=((b"location", b"/admin/"),), cache=b"no-store")
            case "admin/":
                body = self._template.render(view=self._view()).encode()
                return Answer(200, body, b"text/html; charset=utf-8", _HEADERS, cache=b"no-store")
            case "admin/admin.css":
                return _part(self._style, b"text/css; charset=utf-8")
            case "admin/admin.js":
                return _part(self._parts[_SCRIPT], b"text/javascript; charset=utf-8")
            case "admin/icon.svg" if _ICON in self._parts:
                return _part(self._parts[_ICON], b"image/svg+xml")
        return None

    def _view(self) -> AdminView:
        public = sorted(self._gate.public)
        return AdminView(
            language="en",
            theme=self._site.catalog.theme,
            site_title=self._site.title,
            entrance=self._entrance(),
            public=tuple(public),
            default=self._default if self._default in public else "",
            catalog=self._site.catalog.enabled,
        )

    def _entrance(self) -> Entrance:
        authenticator = self._gate.authenticator
        if authenticator.verifiers:
            return "token"
        if authenticator.anonymous:
            return "local"
        return "look" if self._gate.callers.anonymous else "closed"

    # Nobody but its users waits for what makes it.

    @cached_property
    def _template(self):  # type: ignore[no-untyped-def]
        import jinja2  # noqa: PLC0415

        from regpress.html.environment import make_environment  # noqa: PLC0415

        environment = make_environment(jinja2.DictLoader({_PAGE: self._parts[_PAGE].decode()}))
        return environment.get_template(_PAGE)

    @cached_property
    def _style(self) -> bytes:
        from regpress.html.assets import STYLESHEET, published_assets  # noqa: PLC0415

        styles = {name.removeprefix("assets/"): data for name, data in self._parts.items() if name.endswith(".css")}
        own = styles.pop(_STYLE)
        return published_assets(styles, accent=self._site.catalog.accent or "")[STYLESHEET].body + own


def _part(body: bytes, media_type: bytes) -> Answer:
    return tagged(body, media_type=media_type, cache=b"no-cache", headers=_HEADERS)
