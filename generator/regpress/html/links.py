"""Addresses to ``href`` values on one page."""

from __future__ import annotations

from regpress import paths
from regpress.record import record


@record
class Links:
    """Where links of one page start.

    Attributes:
        root: reference from the page to the site's base: ``../`` for each folder, or the site's absolute path.
    """

    root: str

    @classmethod
    def of(cls, page: str) -> Links:
        """Return the links of the page at an address: relative, so that the tree can be served below any path."""
        return cls(paths.root(page))

    @classmethod
    def absolute(cls, base_path: str) -> Links:
        """Return the links of a page that is served at any depth."""
        inner = base_path.strip("/")
        return cls(f"/{inner}/" if inner else "/")

    def to(self, address: str) -> str:
        """Return the reference to an address of the site, percent-encoded."""
        return self.root + paths.encoded(address) if address else self.root or "./"
