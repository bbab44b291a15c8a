"""What the pages are told about the site that they belong to."""

from __future__ import annotations

from typing import Literal, Self

from regpress import paths
from regpress.errors import InvalidNameError
from regpress.model.config_checks import slug_problem
from regpress.model.config_site import EntryFile
from regpress.record import record

Theme = Literal["auto", "light", "dark"]


@record(kw_only=True)
class SiteView:
    """The site, as far as its pages show it.

    Attributes:
        title: its name.
        description: one line about it, empty where there is none.
        base_url: ``https://example.org/my-registry`` without a final slash; empty where it is not known.
        base_path: the path part of it; only ``404.html`` needs it, which is served at any depth.
        accent: colour of links and marks as ``#rrggbb``; empty for the stylesheet's own.
        theme: colours as the reader's system has them (``auto``), or fixed.
        document_suffix: what stands behind the address of a JSON document for a browser to reach it: nothing where
            the host answers addresses as they are written, ``.json`` where it only has the files of the flat layout.
        legacy_api: whether the default registry also answers below ``/v0``.
        language: of the pages' own words, as a BCP 47 tag.
        icon_hosts: hosts whose icons pages may show.
        entry_files: what is written for each entry beside its page.
        namespace_pages_from: fewest entries of a namespace that has a page of its own.
    """

    title: str
    description: str = ""
    base_url: str = ""
    base_path: str = "/"
    accent: str = ""
    theme: Theme = "auto"
    document_suffix: str = ""
    legacy_api: bool = False
    language: str = "en"
    icon_hosts: tuple[str, ...] = ()
    entry_files: tuple[EntryFile, ...] = ()

    def absolute(self, address: str) -> str:
        """Return the absolute form of an address of the site; an empty text where that is not known."""
        return f"{self.base_url}/{paths.encoded(address)}" if self.base_url else ""

    namespace_pages_from: int = 2


@record(kw_only=True)
class ContentPage:
    """One Markdown page of the site.

    Attributes:
        slug: its address without the slash: ``about``.
        title: shown as heading and in the navigation.
        markdown: its text, without the line that gives the title.
        order: position in the navigation; equal ones follow their slugs.
    """

    slug: str
    title: str
    markdown: str
    order: int = 0

    @classmethod
    def of(cls, slug: str, text: str, *, order: int = 0) -> Self:
        """Return the page that a file holds: a first line ``# Title`` gives the title, else the slug does.

        Raises:
            InvalidNameError: the slug cannot be an address.
        """
        if problem := slug_problem(slug):
            raise InvalidNameError(slug, problem)
        first, _, rest = text.lstrip("\ufeff\r\n").partition("\n")
        if first.startswith("# ") and first[2:].strip():
            return cls(slug=slug, title=first[2:].strip(), markdown=rest, order=order)
        return cls(slug=slug, title=slug.replace("-", " ").capitalize(), markdown=text, order=order)
