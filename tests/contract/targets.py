"""What the contract suite asks, and what each of them can do: the place to add a web server, an edge module or the app.

A target serves the site of `varied.documents`. To add one, write a context manager that gives its address for a built
site, and a line in `TARGETS`. Its capabilities say which expectations apply; what a host cannot do is not expected of
it, everything else is the same for all.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app_server import serving_app
from edges import apache_server, caddy_server, cloudflare_runtime, node
from edges.nginx_server import NGINX, serving
from edges.web_server import running
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
        fresh_misses: whether it can say so for misses too.
        refuses: whether what is asked for wrongly is a 400; else it is missing like anything else.
        folders: whether a page is found without its last slash.
        small_escapes: whether ``%2f`` is understood like ``%2F``.
        adds_slash: whether a document is found after a redirect to its address with a slash behind it.
        conditional: whether an unchanged document is not sent again.
        checks_methods: whether what is no reading is refused; else it is answered like a reading.
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
    fresh_misses: bool = True
    refuses: bool = True
    folders: bool = True
    small_escapes: bool = True
    adds_slash: bool = False
    conditional: bool = True
    checks_methods: bool = True


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


@contextmanager
def apache(folder: Path) -> Iterator[str]:
    """Serve a copy of a folder, which its workers may read, by the real Apache and the rules in it."""
    with apache_server.public_folder() as own:
        root = own / "root"
        shutil.copytree(folder, root)
        (own / "server").mkdir()
        with apache_server.serving(own / "server", root=root, rules=root / "_config" / "apache.conf") as server:
            yield f"http://127.0.0.1:{server.port}"


@contextmanager
def caddy(folder: Path) -> Iterator[str]:
    """Serve a folder by the real Caddy and the rules in it."""
    rules = folder / "_config" / "caddy.conf"
    with TemporaryDirectory() as own, caddy_server.serving(Path(own), root=folder, rules=rules) as server:
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def superstatic(folder: Path) -> Iterator[str]:
    """Serve a folder by the server that Firebase publishes, and the settings in it."""
    settings = json.loads((folder / "firebase.json").read_bytes())["hosting"]
    script = (
        "const [settings, cwd, port] = JSON.parse(process.argv[1]);"
        "require('superstatic').server({port, hostname: '127.0.0.1', config: settings, cwd})"
        ".listen(() => undefined);"
    )

    def command(port: int) -> list[str]:
        given = json.dumps([settings, str(folder), port])
        return [str(node.NODE), "-e", script, given]

    with (
        TemporaryDirectory() as own,
        running(command, Path(own), NODE_PATH=str(node.MODULES / "node_modules")) as server,
    ):
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def static_web_apps(folder: Path) -> Iterator[str]:
    """Serve a folder by the emulator that Azure publishes, and the settings in it."""
    program = node.MODULES / "node_modules" / "@azure" / "static-web-apps-cli" / "dist" / "cli" / "bin.js"

    def command(port: int) -> list[str]:
        where = ["--swa-config-location", str(folder), "--host", "127.0.0.1", "--port", str(port)]
        return [str(node.NODE), str(program), "start", str(folder), *where]

    with TemporaryDirectory() as own, running(command, Path(own), HOME=own, SWA_CLI_DEBUG="silent") as server:
        yield f"http://127.0.0.1:{server.port}"


def needs(program: str) -> Callable[[], str]:
    """Return a test for a program, for `Target.missing`."""
    return lambda: "" if shutil.which(program) else f"{program} is not installed"


GITHUB_PAGES = Capabilities(json_type=False, json_errors=False, preflight=False, hides_files=False, fresh=False)

#: Code that answers queries: all that can be expected.
QUERIES = Capabilities(follows_cursors=True, filters=True, double_encoding=True, cuts_slash=True)

PAGING = Capabilities(follows_cursors=True, double_encoding=True, cuts_slash=True)

BARE = Capabilities(json_errors=False, preflight=False, fresh_misses=False)
FILES = replace(BARE, hides_files=False)

#: Asked by `make test-hosts` only.
LATE = (pytest.mark.hosts,)

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
        name="apache",
        host="apache",
        serve=apache,
        capabilities=PAGING,
        missing=lambda: "" if apache_server.APACHE else "apache2 is not installed",
        marks=LATE,
    ),
    Target(
        name="caddy",
        host="caddy",
        serve=caddy,
        capabilities=PAGING,
        missing=lambda: "" if caddy_server.CADDY else "caddy is not installed",
        marks=LATE,
    ),
    Target(
        name="firebase",
        host="firebase",
        serve=superstatic,
        capabilities=replace(FILES, small_escapes=False, conditional=False, checks_methods=False),
        missing=lambda: (
            "" if (node.MODULES / "node_modules" / "superstatic").is_dir() else "superstatic is not installed"
        ),
        marks=LATE,
    ),
    Target(
        name="azure-swa",
        host="azure-swa",
        serve=static_web_apps,
        capabilities=replace(FILES, adds_slash=True, cuts_slash=True, cors_on_404=False),
        missing=lambda: (
            "" if (node.MODULES / "node_modules" / "@azure").is_dir() else "the emulator of Azure is not installed"
        ),
        marks=LATE,
    ),
    *(
        Target(name=f"{host}-preview", host=host, serve=preview(host), capabilities=capabilities, marks=LATE)
        for host, capabilities in (
            ("apache", PAGING),
            ("caddy", PAGING),
            ("github-pages-page", GITHUB_PAGES),
            ("gitlab-pages", replace(FILES, fresh=False)),
            ("netlify", replace(FILES, follows_cursors=True, refuses=False, cors_on_404=False)),
            ("vercel", replace(FILES, follows_cursors=True, refuses=False)),
            ("s3-cloudfront", replace(PAGING, json_errors=False, fresh_misses=False)),
            ("object-store", replace(BARE, folders=False)),
            ("azure-swa", replace(FILES, cuts_slash=True)),
            ("firebase", FILES),
        )
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
