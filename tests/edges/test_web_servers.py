"""Profiles of web servers against the real ones, over HTTP: every row of the routing table, walks, errors, types.

nginx is asked by `make test`, the others by `make test-hosts`.
"""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edges import apache_server, caddy_server, nginx_server
from edges.web_server import Server
from fakes_tree import write_files
from regpress.hosts import apache, caddy, nginx
from regpress.hosts.base import HostProfile
from regpress.names import KINDS
from ruled_site import PAGE_SIZE, QUESTIONS, UPPER, files, is_api, site


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of web server.

    Attributes:
        profile: what its rules come from.
        rules: the file of them below the output.
        program: where it is installed; None where it is not.
        serving, check: how it is run, and what it says about rules.
        includes: how a file of rules includes another.
        complains: what it writes when it does not like a rule that it takes.
    """

    profile: HostProfile
    rules: str
    program: str | None
    serving: Callable[..., AbstractContextManager[Server]]
    check: Callable[..., subprocess.CompletedProcess[str]]
    includes: str
    complains: tuple[str, ...]


NGINX = Kind(
    profile=nginx.PROFILE,
    rules="_config/nginx.conf",
    program=nginx_server.NGINX,
    serving=nginx_server.serving,
    check=nginx_server.check,
    includes="include {};",
    complains=("[warn]", "[emerg]"),
)
APACHE = Kind(
    profile=apache.PROFILE,
    rules="_config/apache.conf",
    program=apache_server.APACHE,
    serving=apache_server.serving,
    check=apache_server.check,
    includes="Include {}",
    complains=("warn", "AH0"),
)
CADDY = Kind(
    profile=caddy.PROFILE,
    rules="_config/caddy.conf",
    program=caddy_server.CADDY,
    serving=caddy_server.serving,
    check=caddy_server.check,
    includes="import {}",
    complains=("error",),
)


def servers(*base_paths):
    """Return parameters: each kind of server, at each of *base_paths* where any are given."""
    made = []
    for kind in (NGINX, APACHE, CADDY):
        name = kind.profile.name
        # Which path of its own a site lies below makes no difference that nginx has not shown.
        marks = [pytest.mark.skipif(kind.program is None, reason=f"{name} is not installed here")]
        marks += [] if kind is NGINX else [pytest.mark.hosts]
        chosen = base_paths if kind is NGINX else base_paths[:2]
        made += [pytest.param((kind, base), marks=marks, id=f"{name}{base}") for base in chosen]
    return made


class Served:
    """A site, served.

    Attributes:
        base: the path below which it lies.
        files: its tree.
    """

    def __init__(self, kind, server, base, made):
        self.kind, self.base, self.files = kind, base, made
        self._server = server

    def ask(self, target, *, method="GET", headers=None):
        answer = self._server.ask(self.base + target, method=method, headers=headers)
        if "location" in answer.headers and self.kind is APACHE:
            # Apache always names the host that was asked.
            path = answer.headers["location"].removeprefix(f"http://127.0.0.1:{self._server.port}")
            return answer._replace(headers={**answer.headers, "location": path})
        return answer


def write_site(folder, kind, base_path) -> tuple[Path, Path]:
    """Write the tree where a server would have it, and return the root and the rules."""
    root = folder / "root"
    output = write_files(root / base_path.removeprefix("/"), files(kind.profile, base_path))
    (folder / "server").mkdir()
    return root, output / kind.rules


@pytest.fixture(scope="module", params=servers("", "/my-registry", "/team/registry"))
def served(request):
    kind, base = request.param
    with apache_server.public_folder() as folder:
        root, rules = write_site(folder, kind, base)
        with kind.serving(folder / "server", root=root, rules=rules) as server:
            yield Served(kind, server, base, files(kind.profile, base))


@pytest.fixture
def folder():
    with apache_server.public_folder() as made:
        yield made


@pytest.fixture(params=servers(""))
def kind(request):
    return request.param[0]


@pytest.mark.parametrize("which", servers("", "/my-registry"))
def test_a_server_accepts_the_rules_without_a_warning(folder, which):
    kind, base_path = which
    root, rules = write_site(folder, kind, base_path)
    done = kind.check(folder / "server", 8080, root=root, rules=rules)
    assert done.returncode == 0, done.stderr
    for complaint in kind.complains:
        assert complaint not in done.stderr


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.method} {question.target}")
def test_a_request_is_answered_as_the_rules_say(served, question):
    answer = served.ask(question.target, method=question.method)
    assert answer.status == question.status
    if question.file:
        assert answer.body == served.files[question.file]
    if question.caching:
        assert answer.headers["cache-control"] == question.caching
    if question.method == "HEAD":
        assert answer.body == b""
    if not is_api(question.target):
        return
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if question.status != 405:
        types = {200: "application/json", 400: "application/problem+json", 404: "application/problem+json"}
        assert answer.headers.get("content-type") == types.get(answer.status)
    if question.status in {400, 404} and question.method == "GET":
        assert answer.json["status"] == question.status


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.method} {question.target}")
def test_the_preview_answers_as_the_server_does(served, question):
    real = served.ask(question.target, method=question.method)
    where = served.base + question.target
    reply = served.kind.profile.answer(question.method, where, site(served.base), served.files.__contains__)
    assert reply.status == real.status
    if reply.file is not None and question.method == "GET":
        assert served.files[reply.file] == real.body
    for name in ("access-control-allow-origin", "cache-control", "location", "x-content-type-options"):
        if reply.status != 405 and (name != "cache-control" or reply.status not in {204, 301}):
            assert reply.headers.get(name, real.headers.get(name)) == real.headers.get(name), name
    if real.body and reply.file is not None:
        assert reply.headers["content-type"] == real.headers["content-type"]


@pytest.mark.parametrize(
    ("path", "first", "expected"),
    [
        ("/v0.1/servers", "?version=latest", 63),
        ("/v0.1/servers", "", 123),
        ("/v0/servers", "?limit=2", 123),
        ("/registry/default/v0.1/servers", "", 123),
        ("/registry/team/v0.1/servers", "", 30),
        ("/registry/team/v0.1/servers", "?version=latest", 30),
        ("/v0.1/x/dev.toolhive/skills", "", 1),
        ("/v0.1/x/dev.toolhive/skills", "?version=all", 2),
        ("/v0.1/x/dev.toolhive/plugins", "", 1),
    ],
)
@pytest.mark.parametrize("cursor_alone", [True, False])
def test_a_walk_by_cursors_visits_each_entry_once(served, path, first, expected, cursor_alone):
    key, seen, query = path.rpartition("/")[2], [], first
    for _ in range(200):
        page = served.ask(path + query).json
        assert page["metadata"]["count"] == len(page[key]) <= PAGE_SIZE
        documents = [item.get("server", item) for item in page[key]]
        seen += [(item.get("namespace", ""), item["name"], item["version"]) for item in documents]
        cursor = page["metadata"].get("nextCursor")
        if cursor is None:
            break
        # Clients repeat their other parameters or drop them; the page must be the same.
        query = f"?cursor={cursor}" if cursor_alone else f"?version=latest&cursor={cursor}&limit=30&search="
    assert len(seen) == expected
    assert seen == sorted(set(seen))


def test_a_folder_gets_its_slash_without_a_host_and_keeps_the_query(served):
    assert served.ask("/about").headers["location"] == f"{served.base}/about/"
    location = served.ask("/servers/com.example/weather?tab=a").headers["location"]
    assert location == f"{served.base}/servers/com.example/weather/?tab=a"


def test_the_base_itself_gets_its_slash(served):
    if not served.base:
        return
    answer = served.ask("")
    assert (answer.status, answer.headers["location"]) == (301, f"{served.base}/")


@pytest.mark.parametrize("target", ["//elsewhere.example", "//elsewhere.example/about", "/%2Felsewhere.example/about"])
def test_a_redirect_never_leads_to_another_host(served, target):
    assert not served.ask(target).headers.get("location", "/").startswith("//")


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/nowhere", "text/html; charset=utf-8"),
        ("/assets/style-0a1b2c.css", "text/css; charset=utf-8"),
        ("/llms.txt", "text/plain; charset=utf-8"),
        ("/feed.xml", "application/xml"),
        ("/registry.json", "application/json"),
    ],
)
def test_files_have_their_types_whatever_the_server_knows(served, target, kind):
    assert served.ask(target).headers["content-type"] == kind


def test_an_unchanged_document_is_not_sent_again(served):
    tag = served.ask("/v0.1/servers").headers["etag"]
    answer = served.ask("/v0.1/servers?limit=9", headers={"If-None-Match": tag})
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_documents_are_compressed_for_who_asks(served):
    answer = served.ask("/v0.1/servers", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.body) == served.files["v0.1/_pages/servers/all.json"]


def test_a_compressed_sibling_is_served_as_it_lies_there(folder, kind):
    if kind is APACHE:
        pytest.skip("Apache compresses answers itself")
    root, rules = write_site(folder, kind, "")
    sibling = gzip.compress(b'{"from":"the sibling"}', mtime=0)
    for file in ("v0.1/_pages/servers/latest.json", f"v0.1/servers/{UPPER}/versions/1.0.0.json"):
        (root / f"{file}.gz").write_bytes(sibling)
    with kind.serving(folder / "server", root=root, rules=rules) as server:
        for target in ("/v0.1/servers?version=latest", f"/v0.1/servers/{UPPER}/versions/1.0.0"):
            answer = server.ask(target, headers={"Accept-Encoding": "gzip"})
            assert (answer.body, answer.headers["content-encoding"]) == (sibling, "gzip")
            assert answer.headers["content-type"] == "application/json"
            assert server.ask(target).json != {"from": "the sibling"}


def test_a_page_that_was_taken_away_is_a_400_and_one_that_is_kept_is_served(folder, kind):
    root, rules = write_site(folder, kind, "")
    with kind.serving(folder / "server", root=root, rules=rules) as server:
        cursor = server.ask("/v0.1/servers").json["metadata"]["nextCursor"]
        page = root / f"v0.1/_pages/servers/{cursor}.json"
        assert server.ask(f"/v0.1/servers?cursor={cursor}").body == page.read_bytes()
        page.unlink()
        answer = server.ask(f"/v0.1/servers?cursor={cursor}")
        assert (answer.status, answer.json["status"]) == (400, 400)


def test_rules_for_lists_that_are_all_in_pages_only_are_accepted_too(folder, kind):
    every = frozenset((registry, of) for registry in ("default", "team") for of in KINDS)
    made = {
        artifact.address: artifact.body for artifact in kind.profile.configuration(replace(site(), paged_only=every))
    }
    rules = folder / "rules.conf"
    rules.write_bytes(made[kind.rules])
    done = kind.check(folder, 8080, root=folder, rules=rules)
    assert done.returncode == 0, done.stderr
    assert not [complaint for complaint in kind.complains if complaint in done.stderr]


def test_two_sites_may_share_a_server(folder, kind):
    root, rules = write_site(folder, kind, "/one")
    other = write_files(root / "two", files(kind.profile, "/two")) / kind.rules
    both = folder / "both.conf"
    both.write_text("".join(f"{kind.includes.format(file)}\n" for file in (rules, other)))
    with kind.serving(folder / "server", root=root, rules=both) as server:
        for base in ("/one", "/two"):
            assert server.ask(f"{base}/v0.1/servers?cursor=x").status == 400
            assert server.ask(f"{base}/v0/servers").json["metadata"]["count"] > 0


def test_an_unreadable_file_is_not_shown(folder, kind):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    root, rules = write_site(folder, kind, "")
    (root / f"v0.1/servers/{UPPER}/versions/latest.json").chmod(0)
    with kind.serving(folder / "server", root=root, rules=rules) as server:
        answer = server.ask(f"/v0.1/servers/{UPPER}/versions/latest")
        # A fault of the one who copied the files; nginx calls it missing, the others say what it is.
        assert answer.status == (404 if kind.profile is nginx.PROFILE else 403)
        assert UPPER.encode() not in answer.body
