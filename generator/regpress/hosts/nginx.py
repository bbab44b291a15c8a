"""nginx: the flat layout and a file of rules, which follow cursors and answer under every prefix.

The rules are `regpress.hosts.nginx_rules`, written to ``_config/nginx.conf`` and never served. `Nginx.answer` does what
they make nginx do; a test asks both the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from regpress.hosts import layouts, nginx_rules, ruled, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.model.artifact import Artifact, Form

_GUIDE: Final = """\
Proven against the real nginx (Debian package, 1.22): every rule, walks by cursors, errors and types, at the
root and below two base paths; by the contract suite and by real clients.

## Deploying

1. Copy the output folder to the server.
2. Include `_config/nginx.conf` in a `server` block, as its first lines show. With a base path such as
    `/my-registry`, `root` is the folder that holds the output as `my-registry`.
3. To publish without a moment in which files of two builds mix, build beside and switch a symbolic link.

## Mind

- nginx must have its module for precompressed files (`gzip_static`), as the usual packages have it.
"""
_LIMITS: Final = Limits()
_MANNERS: Final = ruled.Manners(folds_parameters=True, decodes_query=False)


@dataclass(frozen=True, slots=True)
class Nginx:
    """The flat layout, pages of lists, and ``_config/nginx.conf`` to include in a ``server`` block."""

    name: str = "nginx"
    title: str = "nginx"
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
        yield serving.rules_file("nginx.conf", nginx_rules.nginx_rules(site))
        yield serving.bad_request_document()
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what nginx answers by those rules."""
        return ruled.answer(method, target, site, exists, _MANNERS)


PROFILE: Final = Nginx()
