"""Caddy: the flat layout and a file of directives, which follow cursors and answer under every prefix.

The directives are `regpress.hosts.caddy_rules`, written to ``_config/caddy.conf`` and never served.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from regpress.hosts import caddy_rules, layouts, ruled, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.model.artifact import Artifact, Form

_GUIDE: Final = """\
Proven against the real Caddy (Debian package, 2.6): every rule, walks by cursors, errors and types, at the root
and below a base path; by the contract suite and by real clients.

## Deploying

1. Copy the output folder to the server.
2. Import `_config/caddy.conf` into the site's block, as its first lines show. With a base path such as
    `/my-registry`, `root` is the folder that holds the output as `my-registry`.
3. To publish without a moment in which files of two builds mix, build beside and switch a symbolic link.

## Mind

- A parameter that is given twice is taken for one text with a comma in it, and refused.
"""
_LIMITS: Final = Limits()
_MANNERS: Final = ruled.Manners()


@dataclass(frozen=True, slots=True)
class Caddy:
    """The flat layout, pages of lists, and ``_config/caddy.conf`` to import into a site's block."""

    name: str = "caddy"
    title: str = "Caddy"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = True
    stores_pages: bool = True
    rewrites_aliases: bool = True
    runs_code: bool = False
    serves_precompressed: bool = True

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the rules, and the bodies of the API's errors."""
        yield serving.rules_file("caddy.conf", caddy_rules.caddy_rules(site))
        yield serving.bad_request_document()
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what Caddy answers by those rules."""
        return ruled.answer(method, target, site, exists, _MANNERS)


PROFILE: Final = Caddy()
