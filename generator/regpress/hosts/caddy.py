"""Caddy: the flat layout and a file of directives, which follow cursors and answer under every prefix.

The directives are `regpress.hosts.caddy_rules`, written to ``_config/caddy.conf`` and never served.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from regpress.hosts import caddy_rules, ruled, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.ruled_host import RuledHost
from regpress.model.artifact import Artifact

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


def _configuration(site: SiteAddress) -> Iterable[Artifact]:
    """Return the rules, and the bodies of the API's errors."""
    yield serving.rules_file("caddy.conf", caddy_rules.caddy_rules(site))
    yield serving.bad_request_document()
    yield serving.problem_document()


PROFILE: Final = RuledHost(
    name="caddy",
    title="Caddy",
    guide=_GUIDE,
    configure=_configuration,
    manners=ruled.Manners(),
    serves_precompressed=True,
)
