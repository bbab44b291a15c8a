"""nginx: the flat layout and a file of rules, which follow cursors and answer under every prefix.

The rules are `regpress.hosts.nginx_rules`, written to ``_config/nginx.conf`` and never served. `RuledHost.answer` does
what they make nginx do; a test asks both the same questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from regpress.hosts import nginx_rules, ruled, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.ruled_host import RuledHost
from regpress.model.artifact import Artifact

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


def _configuration(site: SiteAddress) -> Iterable[Artifact]:
    """Return the rules, and the bodies of the API's errors."""
    yield serving.rules_file("nginx.conf", nginx_rules.nginx_rules(site))
    yield serving.bad_request_document()
    yield serving.problem_document()


PROFILE: Final = RuledHost(
    name="nginx",
    title="nginx",
    guide=_GUIDE,
    configure=_configuration,
    manners=ruled.Manners(folds_parameters=True, decodes_query=False),
    serves_precompressed=True,
)
