"""Apache: the flat layout and a file of directives, which follow cursors and answer under every prefix.

The directives are `regpress.hosts.apache_rules`, written to ``_config/apache.conf`` and never served. They need a
virtual host: encoded slashes cannot be allowed in ``.htaccess``, so shared hosting without one cannot serve names as
most clients send them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from regpress.hosts import apache_rules, ruled, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.ruled_host import RuledHost
from regpress.model.artifact import Artifact

_GUIDE: Final = """\
Proven against the real Apache (Debian package, 2.4): every rule, walks by cursors, errors and types, at the
root and below a base path; and by the contract suite.

## Deploying

1. Copy the output folder to the server, and switch the modules `rewrite` and `headers` on.
2. Include `_config/apache.conf` in a virtual host, as its first lines show. With a base path such as
    `/my-registry`, `DocumentRoot` is the folder that holds the output as `my-registry`.
3. To publish without a moment in which files of two builds mix, build beside and switch a symbolic link.

## Mind

- Encoded slashes can only be allowed in a virtual host, not in `.htaccess`: on shared hosting without one,
  names as most clients send them are not found.
- Redirects of pages name the host. Behind a proxy with TLS set `ServerName https://registry.example.org` and
  `UseCanonicalName On`, or they lead to `http`. The API has no redirects.
- Apache compresses each answer itself, and gets no compressed siblings (`site.precompress`): each rule that leads to a
  file would be needed once more for every encoding. A cache in front of it saves the same work.
- A version may be called `1.0.php`: the rules keep Apache from running anything below the API.
"""


def _configuration(site: SiteAddress) -> Iterable[Artifact]:
    """Return the rules, and the bodies of the API's errors."""
    yield serving.rules_file("apache.conf", apache_rules.apache_rules(site))
    yield serving.bad_request_document()
    yield serving.problem_document()


PROFILE: Final = RuledHost(
    name="apache",
    title="Apache",
    guide=_GUIDE,
    configure=_configuration,
    manners=ruled.Manners(decodes_query=False),
)
