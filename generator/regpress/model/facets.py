"""What a document says about itself in each facet: where it runs, how it is packed and reached."""

from __future__ import annotations

from typing import Final, NamedTuple

#: Texts in order, each once.
Values = tuple[str, ...]


class Facets(NamedTuple):
    """The values of a document in the facets that are its own; the names are those of our documents.

    Attributes:
        location: ``local`` where there is a package to install, ``remote`` where there is an address to connect to.
        packages: registry types such as ``npm``.
        transports: those of packages and remotes.
        tier: from the ToolHive extension; at most one.
    """

    location: Values = ()
    packages: Values = ()
    transports: Values = ()
    tier: Values = ()


NO_FACETS: Final = Facets()
