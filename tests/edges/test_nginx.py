"""The nginx profile against the real nginx, over HTTP: every row of the routing table, walks, errors, types."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace

import pytest

from edges.nginx_server import check, needs_nginx, serving
from fakes_tree import write_files
from nginx_site import PAGE_SIZE, QUESTIONS, UPPER, files, is_api, site
from regpress.hosts.nginx import PROFILE
from regpress.hosts.nginx_rules import nginx_rules
from regpress.names import KINDS

pytestmark = needs_nginx


class Served:
    """A site, served.

    Attributes:
        base: the path below which it lies.
        files: its tree.
    """

    def __init__(self, server, base, made):
        self.base, self.files = base, made
        self._server = server

    def ask(self, target, *, method="GET", headers=None):
        return self._server.ask(self.base + target, method=method, headers=headers)


def write_site(folder, base_path):
    """Write the tree where a server would have it, and return the root and the rules."""
    root = folder / "root"
    output = write_files(root / base_path.removeprefix("/"), files(base_path))
    (folder / "nginx").mkdir()
    return root, output / "_config" / "nginx.conf"


@pytest.fixture(scope="module", params=["", "/my-registry", "/team/registry"])
def served(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    root, rules = write_site(folder, request.param)
    with serving(folder / "nginx", root=root, rules=rules) as server:
        yield Served(server, request.param, files(request.param))


@pytest.mark.parametrize("base_path", ["", "/my-registry"])
def test_nginx_accepts_the_rules_without_a_warning(tmp_path, base_path):
    root, rules = write_site(tmp_path, base_path)
    done = check(tmp_path / "nginx", 8080, root=root, rules=rules)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    assert "[emerg]" not in done.stderr


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
def test_the_preview_answers_as_nginx_does(served, question):
    real = served.ask(question.target, method=question.method)
    where = served.base + question.target
    reply = PROFILE.answer(question.method, where, site(served.base), served.files.__contains__)
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


def test_a_compressed_sibling_is_served_as_it_lies_there(tmp_path):
    root, rules = write_site(tmp_path, "")
    sibling = gzip.compress(b'{"from":"the sibling"}', mtime=0)
    for file in ("v0.1/_pages/servers/latest.json", f"v0.1/servers/{UPPER}/versions/1.0.0.json"):
        (root / f"{file}.gz").write_bytes(sibling)
    with serving(tmp_path / "nginx", root=root, rules=rules) as server:
        for target in ("/v0.1/servers?version=latest", f"/v0.1/servers/{UPPER}/versions/1.0.0"):
            answer = server.ask(target, headers={"Accept-Encoding": "gzip"})
            assert (answer.body, answer.headers["content-encoding"]) == (sibling, "gzip")
            assert answer.headers["content-type"] == "application/json"
            assert server.ask(target).json != {"from": "the sibling"}


def test_a_page_that_was_taken_away_is_a_400_and_one_that_is_kept_is_served(tmp_path):
    root, rules = write_site(tmp_path, "")
    with serving(tmp_path / "nginx", root=root, rules=rules) as server:
        cursor = server.ask("/v0.1/servers").json["metadata"]["nextCursor"]
        page = root / f"v0.1/_pages/servers/{cursor}.json"
        assert server.ask(f"/v0.1/servers?cursor={cursor}").body == page.read_bytes()
        page.unlink()
        answer = server.ask(f"/v0.1/servers?cursor={cursor}")
        assert (answer.status, answer.json["status"]) == (400, 400)


def test_rules_for_lists_that_are_all_in_pages_only_are_accepted_too(tmp_path):
    every = [(registry, kind) for registry in ("default", "team") for kind in KINDS]
    rules = tmp_path / "rules.conf"
    rules.write_text(nginx_rules(replace(site(), paged_only=frozenset(every))))
    done = check(tmp_path, 8080, root=tmp_path, rules=rules)
    assert (done.returncode, "[warn]" in done.stderr) == (0, False), done.stderr


def test_two_sites_may_share_a_server(tmp_path):
    root, rules = write_site(tmp_path, "/one")
    other = write_files(root / "two", files("/two")) / "_config" / "nginx.conf"
    both = tmp_path / "both.conf"
    both.write_text(f"include {rules};\ninclude {other};\n")
    with serving(tmp_path / "nginx", root=root, rules=both) as server:
        for base in ("/one", "/two"):
            assert server.ask(f"{base}/v0.1/servers?cursor=x").status == 400
            assert server.ask(f"{base}/v0/servers").json["metadata"]["count"] > 0


def test_an_unreadable_file_is_missing_not_forbidden(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    root, rules = write_site(tmp_path, "")
    (root / f"v0.1/servers/{UPPER}/versions/latest.json").chmod(0)
    with serving(tmp_path / "nginx", root=root, rules=rules) as server:
        answer = server.ask(f"/v0.1/servers/{UPPER}/versions/latest")
        assert (answer.status, json.loads(answer.body)["status"]) == (404, 404)
