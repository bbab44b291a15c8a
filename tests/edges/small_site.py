"""A small registry as documents, as a tree of a host's layout, and as an ideal web server to break in tests."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from fakes_catalog import make_catalog, make_server
from fakes_tree import render
from regpress.hosts.base import SiteAddress
from regpress.hosts.table import profile
from regpress.indexes.entries import entry_shard_groups
from regpress.indexes.queries import query_index_groups

OFFICIAL = "io.modelcontextprotocol.registry/official"
SERVERS = (
    ("com.example/alpha", "1.0.0"),
    ("com.example/plus", "2.0.0+linux"),
    ("io.github.Octo/Upper", "0.3.0"),
    ("org.example/zulu", "4.1.0"),
)
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
}


def entry(name, version):
    official = {"status": "active", "publishedAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
    server = {"name": name, "description": f"About {name}", "version": version}
    return {"server": server, "_meta": {OFFICIAL: {**official, "isLatest": True}}}


def page(servers, *, cursor=None):
    metadata = {"count": len(servers)} | ({"nextCursor": cursor} if cursor is not None else {})
    return {"servers": [entry(*server) for server in servers], "metadata": metadata}


def as_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


def documents(servers=SERVERS):
    """Return address to body of every API document."""
    made = {"v0.1/servers": as_json(page(servers))}
    for name, version in servers:
        made[f"v0.1/servers/{name}/versions"] = as_json(page([(name, version)]))
        made[f"v0.1/servers/{name}/versions/latest"] = as_json(entry(name, version))
        made[f"v0.1/servers/{name}/versions/{version}"] = as_json(entry(name, version))
    return made


def build_json(servers=SERVERS, *, revision="r1", host="generic"):
    listed = hashlib.sha256(documents(servers)["v0.1/servers"]).hexdigest()
    return {
        "registry": "default",
        "generator": "regpress 0.1.0",
        "revision": revision,
        "counts": {"servers": len(servers), "serverVersions": len(servers)},
        "list": {"file": "v0.1/servers.json", "sha256": listed},
        "host": host,
    }


def indexes():
    """Return the documents from which code at a host answers for the small registry."""
    described = [(name, version, f"About {name}") for name, version in SERVERS]
    catalog = make_catalog(*(make_server(name, version=number, description=text) for name, number, text in described))
    return render((*query_index_groups(catalog), *entry_shard_groups(catalog)))


def write_tree(folder, host):
    """Write the small registry as the host profile of that name lays it out."""
    chosen = profile(host)
    made = [(address, "document", body) for address, body in documents().items()]
    if chosen.stores_pages:
        # The registry is so small that every list is one page.
        made += [(f"v0.1/_pages/servers/{name}", "document", documents()["v0.1/servers"]) for name in ("latest", "all")]
    if chosen.runs_code:
        made += [(address, "document", body) for address, body in indexes().items()]
    made += [
        (address, "page", f"<h1>{address}</h1>".encode()) for address in ("", "about/", "servers/com.example/alpha/")
    ]
    made += [("404.html", "file", b"<h1>Nothing here</h1>"), ("build.json", "file", as_json(build_json(host=host)))]
    made += [(artifact.address, artifact.form, artifact.body) for artifact in chosen.configuration(SiteAddress())]
    for address, form, body in made:
        for file in chosen.files(address, form):
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    return folder


class Request(NamedTuple):
    method: str
    raw: str
    path: str
    query: dict


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes


def healthy(request, *, servers=SERVERS, build=None):
    """Answer as the best of hosts would: everything the probe asks for passes."""
    headers = {**CORS, "Content-Type": "application/json", "Cache-Control": "public, max-age=60"}
    if request.method == "OPTIONS":
        return Answer(204, headers, b"")
    if request.path == "build.json":
        return Answer(200, headers, as_json(build or build_json(servers)))
    if request.path == "v0.1/servers" and "search" in request.query:
        wanted = request.query["search"].lower()
        return Answer(200, headers, as_json(page([server for server in servers if wanted in server[0].lower()])))
    body = documents(servers).get(request.path)
    if body is None:
        return Answer(404, {**headers, "Content-Type": "application/problem+json"}, as_json({"status": 404}))
    return Answer(200, headers, body)


@contextmanager
def serving(respond=healthy, *, context=None):
    """Serve *respond* on loopback; give the server with its ``url`` and the requests it had in ``asked``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            raw, _, query = self.path.partition("?")
            flat = {key: values[0] for key, values in parse_qs(query).items()}
            request = Request(self.command, self.path, unquote(raw).removeprefix("/"), flat)
            server.asked.append(request)
            answer = respond(request)
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                for each in value if isinstance(value, list) else [value]:
                    self.send_header(name, each)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_OPTIONS = do_GET  # noqa: N815 (name of the base)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    server.asked = []
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"{'https' if context else 'http'}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
