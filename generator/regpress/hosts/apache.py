"""Apache: the flat layout and a file of directives, which follow cursors and answer under every prefix.

The directives are `regpress.hosts.apache_rules`, written to ``_config/apache.conf`` and never served. They need a
virtual host: encoded slashes cannot be allowed in ``.htaccess``, so shared hosting without one cannot serve names as
most clients send them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from regpress.hosts import apache_rules, layouts, ruled, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.model.artifact import Artifact, Form

_LIMITS: Final = Limits()
_MANNERS: Final = ruled.Manners(decodes_query=False)


@dataclass(frozen=True, slots=True)
class Apache:
    """The flat layout, pages of lists, and ``_config/apache.conf`` to include in a virtual host."""

    name: str = "apache"
    title: str = "Apache"
    limits: Limits = _LIMITS
    follows_cursors: bool = True
    stores_pages: bool = True
    rewrites_aliases: bool = True

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the rules, and the bodies of the API's errors."""
        yield serving.rules_file("apache.conf", apache_rules.apache_rules(site))
        yield serving.bad_request_document()
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what Apache answers by those rules."""
        return ruled.answer(method, target, site, exists, _MANNERS)


PROFILE: Final = Apache()
