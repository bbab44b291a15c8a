"""GitLab Pages: the flat layout, with one rewrite for each prefix in ``_redirects``; queries are not seen.

On a namespace's domain a site lies below the name of its project, which stands in front of every rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from regpress.hosts import layouts, routing, ruled, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.model.artifact import Artifact, Form
from regpress.record import record

_GUIDE: Final = """\
Not proven against GitLab. The emulation of `regpress preview --host gitlab-pages` passes the contract suite.

## Deploying

1. Let the job `pages` build into `public/`: `regpress build --host gitlab-pages --out public`.
2. On a namespace's domain set `site.baseUrl` to the address with the project's name: it stands before every
    rule.

## Mind

- Queries are not seen: no pages of lists, and searches get the complete list.
- Preflight requests and caching are the host's affair; on gitlab.com everybody may read.
- Not verified: what it makes of `%2F`. Run `regpress probe` after the first deployment.
"""
_LIMITS: Final = Limits(files=200_000, total_bytes=1_000_000_000)
_MANNERS: Final = ruled.Manners(
    pages=False,
    understands_twice=False,
    cuts_slash=False,
    preflight=False,
    problems=False,
    serves_files=True,
    caching="max-age=600",
    headers={"access-control-allow-origin": "*"},
)


@record
class GitLabPages:
    """The flat layout and ``_redirects``."""

    name: str = "gitlab-pages"
    title: str = "GitLab Pages"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = False
    stores_pages: bool = False
    rewrites_aliases: bool = True
    runs_code: bool = False
    serves_precompressed: bool = True

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the rewrites."""
        yield serving.text_file("_redirects", _rules(site))
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what GitLab Pages answers by those rules."""
        return ruled.answer(method, target, site, exists, _MANNERS)


def _rules(site: SiteAddress) -> Iterator[str]:
    yield "# The rewrites of this registry. Written by regpress: change config.yaml, not this file."
    for prefix, stored in routing.served(site, by_rule=True):
        yield f"{site.base_path}/{prefix}/* {site.base_path}/{stored}/:splat.json 200"


PROFILE: Final = GitLabPages()
