"""Templates by name, and their errors in the words of the site's owner."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import jinja2

from regpress.errors import ConfigError
from regpress.html.environment import VIEW
from regpress.html.views import (
    ChromeView,
    ContentView,
    EntryView,
    HeadView,
    HomeView,
    IndexView,
    ListView,
    NotFoundView,
    UseView,
)

#: Everything that a template can be given.
View = ChromeView | ContentView | EntryView | HeadView | HomeView | IndexView | ListView | NotFoundView | UseView

NAMES: Final = (
    "404.html",
    "entry.html",
    "footer.html",
    "head.html",
    "header.html",
    "home.html",
    "index.html",
    "list.html",
    "page.html",
    "use.html",
)


class Templates:
    """The templates of the catalog.

    Args:
        environment: as `regpress.html.environment.make_environment` makes it.
        own: names of those that the site has itself; None where any may be its own. They are compiled at once, so
            that mistakes are found before anything is written; the others when they are first filled, since most
            builds fill few of them, and several processes may share that work.

    Raises:
        ConfigError: a template is missing, or one of the site's own is not a template.
    """

    def __init__(self, environment: jinja2.Environment, own: Collection[str] | None = None) -> None:
        self._environment = environment
        found = environment.list_templates()
        for name in NAMES:
            if own is None or name in own:
                _load(environment, name)
            elif name not in found:
                raise ConfigError(_problem(name, jinja2.TemplateNotFound(name)))

    def fill(self, name: str, view: View) -> str:
        """Return the HTML of a template with its view.

        Raises:
            ConfigError: the template asks for something that its view does not have.
        """
        return "".join(self._texts(name, view))

    def page(self, name: str, view: View) -> bytes:
        """Return the HTML of a page as it is served.

        Raises:
            ConfigError: as `fill`.
        """
        return b"".join([text.encode() for text in self._texts(name, view)])

    def _texts(self, name: str, view: View) -> list[str]:
        try:
            template = self._environment.get_template(name)
            # What `Template.render` does, without copying what no template changes.
            context = self._environment.context_class(self._environment, {VIEW: view}, name, template.blocks)
            return list(template.root_render_func(context))
        except jinja2.TemplateError as error:
            raise ConfigError(_problem(name, error)) from error
        except AttributeError as error:
            raise ConfigError(f"templates: {name}: {error}") from error


def _load(environment: jinja2.Environment, name: str) -> None:
    try:
        environment.get_template(name)
    except jinja2.TemplateError as error:
        raise ConfigError(_problem(name, error)) from error


def _problem(name: str, error: jinja2.TemplateError) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"templates: {error.name} is missing"
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"templates: {error.name or name}:{error.lineno}: {error.message}"
    return f"templates: {name}: {error.message}"
