"""GitHub Pages: no rules, no headers, and two opinions on what an address without extension means.

A document is written twice, as ``P.html`` and as ``P/index.json``. Where the page wins it is answered at once, as
``text/html``; where the folder wins, after a redirect, as JSON. See static hosting sections 5.3 and 6.3. Three more
profiles are for sites where `regpress probe` has shown which of the two it is, and write no more than is used there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from regpress import paths
from regpress.hosts import layouts, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.hosts.layouts import INDEX
from regpress.model.artifact import Artifact, Form
from regpress.record import record

_GUIDE: Final = """\
Proven by the contract suite against the emulation of `regpress preview --host github-pages`, and by real
clients against the same. The service itself answers differently from site to site: `regpress probe` finds out.

## Deploying

1. Let the workflow of the site (`regpress init --host github-pages` writes one) build and deploy.
2. Or push the output folder to the branch that Pages publishes.
3. `regpress probe https://you.github.io/my-registry` says which of the two files is answered. To write the
    other no more, set `site.host` to `github-pages-page` where it saw `200 text/html`, to `github-pages-folder`
    where it saw a redirect and JSON, and to `github-pages-index` where the redirect led to a 404.

## Mind

- No rules, no header fields, no preflight requests, no queries; ten minutes of caching, fixed by the host.
- ToolHive looks at the type, and takes a page for no registry: give it the address of `registry.json`.
- Two of the tested clients do not follow redirects: they need a site where the page wins.
- JSON served as HTML is harmless here: `<`, `>` and `&` are escapes in every JSON file.
- `.nojekyll` keeps Pages from dropping paths that begin with `_` or a dot.
- Pages of a private repository answer other people with a page for signing in.
"""
_LIMITS: Final = Limits(total_bytes=1_000_000_000)
#: What Pages sends with every answer; a site cannot change it.
_HEADERS: Final[Mapping[str, str]] = {
    "access-control-allow-origin": "*",
    "cache-control": "max-age=600",
    "server": "GitHub.com",
}


@record
class GitHubPages:
    """One or two files for each document, ``.nojekyll``, and at most 1 GB."""

    name: str = "github-pages"
    title: str = "GitHub Pages"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = False
    stores_pages: bool = False
    rewrites_aliases: bool = False
    runs_code: bool = False
    serves_precompressed: bool = False
    layout: Callable[[str, Form], tuple[str, ...]] = layouts.page_and_folder

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the paths of a document, or the one of a page or file."""
        return self.layout(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:  # noqa: ARG002 (the same for every site)
        """Return ``.nojekyll``, without which paths that begin with ``_`` or a dot are dropped, and ``404.json``.

        Pages itself answers misses with ``404.html``; a site without HTML may give that file the bytes of the other.
        """
        yield Artifact(".nojekyll", "file", "text/plain; charset=utf-8", b"")
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what Pages answers if ``P.html`` wins over the folder ``P/``, which is the commoner report."""
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers=_HEADERS)
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return Reply(status=where.status, headers={**_HEADERS, **where.headers})
        for file in _candidates(where.path):
            if exists(file):
                return _with_type(200, file)
        if any(exists(f"{where.path}/{index}") for index in (INDEX, "index.json")):
            return Reply(status=301, headers={**_HEADERS, "location": serving.to_folder(where, site.base_path)})
        if exists(paths.NOT_FOUND_PAGE):
            return _with_type(404, paths.NOT_FOUND_PAGE)
        return Reply(status=404, headers=_HEADERS)


def _candidates(path: str) -> tuple[str, ...]:
    if not path or path.endswith("/"):
        return (f"{path}{INDEX}", f"{path}index.json")
    return (path, f"{path}.html")


def _with_type(status: int, file: str) -> Reply:
    kind = serving.media_type(file)
    if kind == "application/json":
        kind += "; charset=utf-8"
    return Reply(status=status, file=file, headers={**_HEADERS, "content-type": kind})


PROFILE: Final = GitHubPages()
#: For a site where the page wins.
PAGE: Final = GitHubPages(
    name="github-pages-page", title="GitHub Pages, where P.html is answered", layout=layouts.bare_page
)
#: For a site where the folder wins.
FOLDER: Final = GitHubPages(
    name="github-pages-folder", title="GitHub Pages, where P/index.json is answered", layout=layouts.folder_json
)
#: For a site where the folder wins and ``index.json`` is no index.
INDEX_PAGE: Final = GitHubPages(
    name="github-pages-index", title="GitHub Pages, where P/index.html is answered", layout=layouts.page_and_index
)
VARIANTS: Final = (PAGE, FOLDER, INDEX_PAGE)
