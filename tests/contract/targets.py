"""What the contract suite asks, and what each of them can do: the place to add a web server, an edge module or the app.

A target serves the site of `varied.documents`. To add one, write a context manager that gives its address for a built
site, and a line in `TARGETS`. Its capabilities say which expectations apply; what a host cannot do is not expected of
it, everything else is the same for all.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app_server import serving_app
from edges import cloudflare_runtime
from edges.nginx_server import NGINX, serving
from regpress.preview import open_preview


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a host can do beyond returning files.

    Attributes:
        json_type: documents are called ``application/json``.
        json_errors: misses below the API are JSON with ``status`` or ``error``.
        cors_on_404: misses below the API carry the CORS field too.
        preflight: OPTIONS is answered with the three CORS fields.
        follows_cursors: a list may be paged, and an unknown cursor is refused.
        filters: ``search``, ``version``, ``updated_since`` and ``include_deleted`` count.
        hides_files: an address is only the document, not also the file's name with its extension.
        double_encoding: ``%252F`` in a name is understood like ``%2F``.
        cuts_slash: a slash at the end of an address is overlooked.
        fresh: whether the site can say how long answers are kept.
    """

    json_type: bool = True
    json_errors: bool = True
    cors_on_404: bool = True
    preflight: bool = True
    follows_cursors: bool = False
    filters: bool = False
    hides_files: bool = True
    double_encoding: bool = False
    cuts_slash: bool = False
    fresh: bool = True


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing that answers the API.

    Attributes:
        name: how tests call it.
        host: the host profile that its site is built for.
        serve: gives the address of a server for a built folder, without a final slash.
        capabilities: what can be expected of it.
        missing: returns why it cannot run on this machine, or an empty text.
        marks: of its tests.
    """

    name: str
    host: str
    serve: Callable[[Path], AbstractContextManager[str]]
    capabilities: Capabilities = field(default_factory=Capabilities)
    missing: Callable[[], str] = lambda: ""
    marks: tuple[pytest.MarkDecorator, ...] = ()


def preview(host: str, base_path: str = "") -> Callable[[Path], AbstractContextManager[str]]:
    """Return how to serve a folder as ``regpress preview`` does."""

    @contextmanager
    def serve(folder: Path) -> Iterator[str]:
        with open_preview(folder, host=host, port=0, base_path=base_path, log=lambda line: None) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield server.url + base_path
            finally:
                server.shutdown()
                thread.join()

    return serve


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """Serve a folder by the real nginx and the rules in it."""
    rules = folder / "_config" / "nginx.conf"
    with TemporaryDirectory() as own, serving(Path(own), root=folder, rules=rules) as server:
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def app(folder: Path) -> Iterator[str]:
    """Serve a copy of a built site by ``regpress serve``; only one process serves a site."""
    with TemporaryDirectory() as own:
        site = shutil.copytree(folder.parent, Path(own) / "site")
        with serving_app(site, "--host", "nginx") as server:
            yield server.base


def needs(program: str) -> Callable[[], str]:
    """Return a test for a program, for `Target.missing`."""
    return lambda: "" if shutil.which(program) else f"{program} is not installed"


GITHUB_PAGES = Capabilities(json_type=False, json_errors=False, preflight=False, hides_files=False, fresh=False)

#: Code that answers queries: all that can be expected.
QUERIES = Capabilities(follows_cursors=True, filters=True, double_encoding=True, cuts_slash=True)

PAGING = Capabilities(follows_cursors=True, double_encoding=True, cuts_slash=True)

TARGETS: tuple[Target, ...] = (
    Target(name="generic", host="generic", serve=preview("generic")),
    Target(name="generic-below-a-path", host="generic", serve=preview("generic", "/team/registry")),
    Target(name="github-pages", host="github-pages", serve=preview("github-pages"), capabilities=GITHUB_PAGES),
    Target(
        name="github-pages-below-a-path",
        host="github-pages",
        serve=preview("github-pages", "/my-registry"),
        capabilities=GITHUB_PAGES,
    ),
    Target(name="nginx-preview", host="nginx", serve=preview("nginx"), capabilities=PAGING),
    Target(
        name="nginx",
        host="nginx",
        serve=nginx,
        capabilities=PAGING,
        missing=lambda: "" if NGINX else "nginx is not installed",
    ),
    Target(
        name="cloudflare-workers-preview",
        host="cloudflare-workers",
        serve=preview("cloudflare-workers"),
        capabilities=QUERIES,
    ),
    Target(
        name="cloudflare-pages-preview-below-a-path",
        host="cloudflare-pages",
        serve=preview("cloudflare-pages", "/team/registry"),
        capabilities=QUERIES,
    ),
    Target(
        name="cloudflare-workers",
        host="cloudflare-workers",
        serve=cloudflare_runtime.workers,
        capabilities=QUERIES,
        missing=cloudflare_runtime.missing,
        marks=(pytest.mark.hosts,),
    ),
    Target(
        name="cloudflare-pages",
        host="cloudflare-pages",
        serve=cloudflare_runtime.pages,
        capabilities=QUERIES,
        missing=cloudflare_runtime.missing,
        marks=(pytest.mark.hosts,),
    ),
    Target(
        name="app",
        host="nginx",
        serve=app,
        capabilities=Capabilities(follows_cursors=True, filters=True, double_encoding=True, cuts_slash=True),
    ),
)
