"""The edge module in a browser's engine, over registries made up at random: every query against the Python model.

The module uses nothing but what browsers have too, so that this needs no runtime of the host. What the real runtime
makes of it is tested by `make test-hosts`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

import edge_site
from fakes_tree import address_of
from regpress import api
from regpress.catalog import Catalog
from regpress.hosts import cloudflare
from regpress.hosts.edge import edge_module
from regpress.model.artifact import groups_in
from regpress.model.document import escape_html_in_json
from regpress.query import Query, QueryError, next_cursor, parse_query, problem
from regpress.times import time_key

#: Bytes of the index that the module searches at a time.
BLOCK = 32768
PLURALS = {"server": "servers", "skill": "x/dev.toolhive/skills"}

_ADD = """
async ([source, files]) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: module } = await import(address);
  (window.sites ??= []).push({ module, files });
  return window.sites.length - 1;
}
"""
_ASK = """
async ([number, path, options]) => {
  const { module, files } = window.sites[number];
  const reads = [];
  const fetch = async (request) => {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    reads.push(name);
    if (!(name in files)) return new Response("<h1>404</h1>", { status: 404 });
    const [body, tag] = files[name];
    if (request.headers.get("if-none-match") === tag) return new Response(null, { status: 304 });
    return new Response(body, { headers: { etag: tag, "content-type": "x/y" } });
  };
  const request = new Request(new URL("http://127.0.0.1" + path), options);
  const response = await module.fetch(request, { ASSETS: { fetch } });
  const headers = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text(), reads };
}
"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str
    reads: list[str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Edge:
    """The module before the files of registries.

    Attributes:
        files: what lies there.
    """

    def __init__(
        self, page: Page, catalogs: list[Catalog], base_path: str = "", *, block: int = BLOCK, **sizes: Any
    ) -> None:
        self._page = page
        self.files = edge_site.tree(catalogs, **sizes)
        source = edge_module(address_of(catalogs, base_path=base_path)).decode()
        assert f"const BLOCK = {BLOCK};" in source
        source = source.replace(f"const BLOCK = {BLOCK};", f"const BLOCK = {block};")
        given = {file: (body.decode(), edge_site.tag(body)) for file, body in self.files.items()}
        self._number = page.evaluate(_ADD, [source, given])

    def replace(self, files: dict[str, bytes]) -> None:
        """Put other files in the place of those that lie there."""
        given = {file: (body.decode(), edge_site.tag(body)) for file, body in files.items()}
        self._page.evaluate("([number, files]) => { window.sites[number].files = files; }", [self._number, given])

    def ask(self, path: str, **options: Any) -> Answer:
        return Answer(**self._page.evaluate(_ASK, [self._number, path, options]))


@pytest.fixture(scope="module")
def page(browser: Browser, serve: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text("<!doctype html><title>edge</title>")
    opened = browser.new_page()
    opened.goto(f"{serve(folder)}/index.html")
    yield opened
    opened.close()


CATALOGS = {
    seed: [
        edge_site.random_catalog(seed, size=(40, 3, 0, 40)[seed % 4]),
        edge_site.random_catalog(seed + 100, size=9, registry="team", is_default=False),
    ]
    for seed in range(8)
}


@pytest.fixture(scope="module")
def edges(page: Page) -> dict[int, Edge]:
    # Some search name by name, some a few names at a time, some the whole index at once.
    return {seed: Edge(page, catalogs, block=(1, 600, BLOCK)[seed % 3]) for seed, catalogs in CATALOGS.items()}


def stored_cursors(catalog: Catalog, kind: str, files: dict[str, bytes]) -> Callable[[str], Any]:
    plural = f"{kind}s"
    index = json.loads(files[f"{catalog.prefix}v0.1/_pages/{plural}.json"])
    found = {
        row["cursor"]: (name, (row.get("name", ""), row.get("version", "\U0010ffff" if name == "latest" else "")))
        for name in ("latest", "all")
        for row in index[name]
    }
    return found.get


def bodies(answer: Answer, plural: str) -> list[Any]:
    document = answer.json
    assert document["metadata"]["count"] == len(document[plural])
    return document[plural]


ALL_WORDS = [
    "",
    "\u039f\u0394\u039f\u03a3",
    "a.b/x",
    "A.B",
    "/",
    "weather",
    "wetter FÜR",
    "tides",
    "%",
    "_",
    "\\",
    '"',
    "[",
    ",",
    "t",
    "n",
    "u003c",
    "<b>",
    "1.0.0",
    '["1.0.0","',
    "\u03bf\u03b4\u03bf\u03c3",
    "i̇stanbul",
    "😀",
    "\ud83d"[:0] + "é",
    "2026",
    "com.example/s03",
    " x ",
    "no such thing",
]
WORDS = st.sampled_from(ALL_WORDS)
TIMES = st.sampled_from(
    [
        "2026-01-01T06:00:00Z",
        "2026-01-28T06:00:00.25Z",
        "2026-05-01T08:00:00+02:00",
        "2026-05-28T06:00:00.50Z",
        "2020-01-01t00:00:00z",
    ]
)
ODD = st.sampled_from(
    [
        "x",
        "0",
        "-1",
        "101",
        "1001",
        "1.5",
        "99999999999999999999",
        "yes",
        "TRUE",
        "2026-02-30T00:00:00Z",
        "2026-01-01",
        "\0",
        "0001-01-01T00:00:00+05:00",
        "2026-01-01T24:00:00Z",
        "0000-01-01T00:00:00Z",
        "q",
        "qAAAA",
        "latest",
        "all",
        "l" + 16 * "0",
        "<&>",
        "2026-01-01T00:00:00.1234567891+23:59",
        "2026-01-01T00:00:00+24:00",
        "9999-12-31T23:59:59-01:00",
        "-0",
        "deprecated, Active,",
    ]
)
GOOD = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.sampled_from(["1", "2", "5", "7", "100"]),
        "version": st.sampled_from(["latest", "latest", *edge_site.VERSIONS, "9.9.9", ""]),
        "search": WORDS,
        "updated_since": TIMES,
        "include_deleted": st.sampled_from(["true", "1", "t"]),
        "status": st.sampled_from(["active", "deprecated", "active,deprecated", "archived", ""]),
    },
)
ANY = st.lists(
    st.tuples(
        st.sampled_from(
            ["limit", "version", "search", "updated_since", "include_deleted", "status", "cursor", "other"]
        ),
        st.one_of(ODD, WORDS, TIMES),
    ),
    max_size=5,
)


def check_beginning(answer: Answer, catalog: Catalog, query: Query) -> None:
    """Hold that an answer has some of what the model has, from its beginning on."""
    assert answer.status == 200
    expected = [json.loads(body) for body in edge_site.answer(catalog, query)]
    found = bodies(answer, f"{query.kind}s")
    assert found == expected[: len(found)]
    assert bool(found) == bool(expected)


relaxed = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@relaxed
@given(
    seed=st.sampled_from(sorted(CATALOGS)),
    kind=st.sampled_from(["server", "server", "skill"]),
    given_=GOOD,
    team=st.booleans(),
)
def test_a_walk_by_any_query_is_the_answer_of_the_model_in_pages(
    edges: dict[int, Edge], seed: int, kind: str, given_: dict[str, str], team: bool
) -> None:
    edge, catalog = edges[seed], CATALOGS[seed][team]
    dialect = "toolhive" if team else "official"
    query = parse_query(kind, urlencode(given_), dialect=dialect, stored=lambda cursor: None)
    path = f"/{'registry/team/' if team else ''}v0.1/{PLURALS[kind]}"
    seen: list[Any] = []
    text = f"{path}?{urlencode(given_)}"
    for _ in range(400):
        answer = edge.ask(text)
        assert answer.status == 200, (text, answer)
        assert len(answer.reads) <= 4, answer.reads
        found = bodies(answer, f"{kind}s")
        assert len(found) <= query.limit
        seen += found
        cursor = answer.json["metadata"].get("nextCursor")
        if cursor is None:
            break
        assert found, text
        # What a client drops on later pages is in the cursor, and what it repeats does not matter.
        text = f"{path}?cursor={cursor}&limit={query.limit}&version=latest"
    assert seen == [json.loads(body) for body in edge_site.answer(catalog, query)]


@pytest.mark.parametrize("version", ["latest", ""])
def test_every_word_finds_what_the_model_finds(edges: dict[int, Edge], version: str) -> None:
    for word in ALL_WORDS:
        text = urlencode({"search": word, "version": version, "limit": 100})
        query = parse_query("server", text, dialect="official", stored=lambda cursor: None)
        check_beginning(edges[0].ask(f"/v0.1/servers?{text}"), CATALOGS[0][0], query)


@relaxed
@given(seed=st.sampled_from(sorted(CATALOGS)), kind=st.sampled_from(["server", "skill"]), pairs=ANY, team=st.booleans())
def test_whatever_is_asked_is_taken_or_refused_as_the_model_does(
    edges: dict[int, Edge], seed: int, kind: str, pairs: list[tuple[str, str]], team: bool
) -> None:
    edge, catalog = edges[seed], CATALOGS[seed][team]
    text = urlencode(pairs)
    answer = edge.ask(f"/{'registry/team/' if team else ''}v0.1/{PLURALS[kind]}?{text}")
    try:
        query = parse_query(
            kind, text, dialect="toolhive" if team else "official", stored=stored_cursors(catalog, kind, edge.files)
        )
    except QueryError as error:
        refusal = (error.status, problem(error.status, error.detail, error.errors))
    else:
        check_beginning(answer, catalog, query)
        return
    assert (answer.status, answer.json) == refusal
    assert answer.body.encode() == escape_html_in_json(answer.body.encode())
    assert answer.headers["content-type"] == "application/problem+json"


PLACES = st.tuples(st.sampled_from(edge_site.NAMES), st.sampled_from(["", "1.0.5", "2.0.0-\ue000"]))


@relaxed
@given(seed=st.sampled_from([0, 3, 4]), after=PLACES, given_=GOOD)
def test_a_walk_continues_after_any_place_whether_it_exists_or_not(
    edges: dict[int, Edge], seed: int, after: tuple[str, str], given_: dict[str, str]
) -> None:
    query = parse_query("server", urlencode(given_), dialect="official", stored=lambda cursor: None)
    cursor = next_cursor(query, after)
    continued = parse_query("server", f"cursor={cursor}", dialect="official", stored=lambda cursor: None)
    check_beginning(edges[seed].ask(f"/v0.1/servers?cursor={cursor}"), CATALOGS[seed][0], continued)


# Manners


@pytest.fixture(scope="module")
def varied_edge(page: Page) -> Edge:
    return Edge(page, CATALOGS[0])


def known(catalog: Catalog, kind: str = "server") -> Any:
    """Return an entry with several versions, one of them deleted."""
    return next(entry for entry in catalog.of(kind) if len(entry.versions) > 1 and entry.deleted)


def test_each_version_is_answered_with_the_bytes_that_files_elsewhere_have(varied_edge: Edge) -> None:
    for catalog, prefix in (
        (CATALOGS[0][0], "/v0.1"),
        (CATALOGS[0][0], "/v0"),
        (CATALOGS[0][1], "/registry/team/v0.1"),
    ):
        elsewhere = {
            artifact.address.removeprefix(catalog.prefix).removeprefix("v0.1"): artifact.body
            for group in groups_in(api.entry_sections(catalog, api.Aliases()))
            for artifact in group.render()
        }
        assert len(elsewhere) > 20
        for address, body in elsewhere.items():
            answer = varied_edge.ask(prefix + quote(address, safe="/"))
            assert (answer.status, answer.body) == (200, body.decode()), address
            assert len(answer.reads) == 2


@pytest.mark.parametrize("spelling", ["/", "%2F", "%2f", "%252F"])
@pytest.mark.parametrize("end", ["", "/", "//"])
def test_a_name_is_found_however_its_slash_is_sent(varied_edge: Edge, spelling: str, end: str) -> None:
    entry = known(CATALOGS[0][0])
    name = str(entry.name).replace("/", spelling)
    answer = varied_edge.ask(f"/v0.1/servers/{name}/versions/latest{end}")
    assert answer.body.encode() == api.response(entry.latest)


def test_deleted_versions_are_shown_to_who_asks_for_them(varied_edge: Edge) -> None:
    catalog = CATALOGS[0][0]
    entry = known(catalog)
    gone = entry.deleted[0]
    path = f"/v0.1/servers/{quote(str(entry.name), safe='')}/versions"
    one = f"{path}/{quote(gone.version)}"
    assert varied_edge.ask(one).status == 404
    shown = varied_edge.ask(f"{one}?include_deleted=true")
    assert shown.body.encode() == api.response(gone)
    assert len(shown.reads) <= 4
    every = varied_edge.ask(f"{path}?include_deleted=1").json["servers"]
    dates = [entry["_meta"]["io.modelcontextprotocol.registry/official"]["publishedAt"] for entry in every]
    assert len(every) == len(entry.versions) + len(entry.deleted)
    assert dates == sorted(dates, key=time_key, reverse=True)
    assert varied_edge.ask(f"{path}?include_deleted=maybe").status == 422
    vanished = next(version for version in catalog.gone if version.kind == "server")
    address = f"/v0.1/servers/{vanished.name}/versions"
    assert varied_edge.ask(address).status == 404
    assert varied_edge.ask(f"{address}?include_deleted=true").json["metadata"]["count"] >= 1


MISSES = [
    ("/v0.1/servers/a.b/none/versions/latest", 404, "Server not found"),
    ("/v0.1/servers/a.b/none/versions", 404, "Server not found"),
    ("/v0.1/servers/a.b%2Fx", 404, ""),
    ("/v0.1/servers/a.b", 404, ""),
    ("/v0.1/skills/a.b/s01", 404, ""),
    ("/v0.1/x/dev.toolhive/servers", 404, ""),
    ("/v0.1/x/dev.toolhive/skills/a.b/none", 404, "not found"),
    ("/v0.1/_pages/servers/all", 404, ""),
    ("/v0.1/x/dev.regpress/query/servers", 404, ""),
    ("/v0.1/x/dev.regpress/entries/servers/first", 404, ""),
    ("/v0.1/x/dev.regpress/deleted/servers", 404, ""),
    ("/v0.1/servers.json", 404, ""),
    ("/v0.1/servers/a.b%2Fs01/versions/latest.json", 404, "Server not found"),
    ("/registry/none/v0.1/servers", 404, "Registry not found"),
    ("/registry/team/v0/servers", 404, "Registry not found"),
    ("/v0.1/servers/%00/x", 400, "Invalid request: URL path contains null bytes"),
    ("/v0.1/servers?search=%00", 400, "Invalid request: query parameters contain null bytes"),
    ("/v0.1/servers/%ff/versions", 400, ""),
    ("/v0.1/x/..%2f..%2fbuild", 400, ""),
]


@pytest.mark.parametrize(("path", "status", "detail"), MISSES)
def test_what_is_not_there_is_a_problem_that_both_kinds_of_client_read(
    varied_edge: Edge, path: str, status: int, detail: str
) -> None:
    answer = varied_edge.ask(path)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.json["error"] == answer.json["detail"]
    assert answer.json["detail"] == detail or not detail
    assert varied_edge.ask(path, method="HEAD").body == ""


def test_a_tag_saves_the_next_transfer_and_head_has_no_body(varied_edge: Edge) -> None:
    for path in (
        "/v0.1/servers?search=a",
        "/v0.1/servers",
        f"/v0.1/servers/{known(CATALOGS[0][0]).name}/versions/latest",
    ):
        first = varied_edge.ask(path)
        tag = first.headers["etag"]
        for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = varied_edge.ask(path, headers={"if-none-match": sent})
            assert (again.status, again.body) == (304, "")
        assert varied_edge.ask(path, headers={"if-none-match": '"other"'}).body == first.body
        head = varied_edge.ask(path, method="HEAD")
        assert (head.status, head.body, head.headers["etag"]) == (200, "", tag)


def test_other_methods_have_no_effect_and_preflight_requests_are_allowed(varied_edge: Edge) -> None:
    allowed = varied_edge.ask("/v0.1/servers", method="OPTIONS")
    assert allowed.status == 204
    assert allowed.headers["access-control-allow-methods"] == "GET, OPTIONS"
    assert varied_edge.ask("/v0.1/servers", method="POST", body="{}").status == 405


def test_what_is_no_address_of_the_api_is_left_to_the_host(varied_edge: Edge) -> None:
    answer = varied_edge.ask("/about/")
    assert (answer.status, answer.body, answer.reads) == (404, "<h1>404</h1>", ["about/"])


def test_below_a_path_every_address_loses_it_and_redirects_keep_it(page: Page) -> None:
    edge = Edge(page, CATALOGS[1], base_path="/team/registry")
    assert edge.ask("/team/registry/v0.1/servers").status == 200
    assert edge.ask("/team/registry/about/").reads == ["about/"]
    assert edge.ask("/v0.1/servers").status == 404


def test_a_shard_that_changed_is_read_again(page: Page) -> None:
    """A copy of a file is used only while the host says that it is still the same."""
    edge = Edge(page, CATALOGS[2])
    assert edge.ask("/v0.1/servers?search=x").json["metadata"]["count"] == 0
    other = edge_site.tree(CATALOGS[3])
    edge.replace(other)
    found = edge.ask("/v0.1/servers?search=x&limit=100").json["servers"]
    query = parse_query("server", "search=x&limit=100", dialect="official", stored=lambda cursor: None)
    assert found == [json.loads(body) for body in edge_site.answer(CATALOGS[3][0], query)][: len(found)]
    assert found


# Previews answer by the same rules, in Python.


class Tree:
    """A tree in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def __call__(self, file: str) -> bool:
        return file in self._files

    def read(self, file: str) -> bytes | None:
        return self._files.get(file)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_preview_answers_as_the_module_does(edges: dict[int, Edge], seed: int) -> None:
    edge, site = edges[seed], address_of(CATALOGS[seed])
    tree = Tree(edge.files)
    entry = known(CATALOGS[seed][0]) if seed == 0 else CATALOGS[seed][0].of("server")[0]
    paths = [path for path, _, _ in MISSES if "%ff" not in path and "%2f.." not in path]
    paths += ["/v0.1/servers?limit=3&search=x", "/v0.1/servers?updated_since=2026-05-01T00:00:00Z&limit=100"]
    paths += [f"/v0.1/servers/{entry.name}/versions{end}" for end in ("", "/latest", "?include_deleted=true")]
    paths += ["/v0.1/x/dev.toolhive/skills?status=deprecated", "/registry/team/v0.1/servers?limit=0"]
    for path in paths:
        real = edge.ask(path)
        reply = cloudflare.WORKERS.answer("GET", path, site, tree)
        body = reply.body if reply.body is not None else edge.files.get(reply.file or "", b"")
        assert reply.status == real.status, path
        if "nextCursor" not in real.body:
            assert body.decode() == real.body, path
        for name in ("content-type", "cache-control", "access-control-allow-origin"):
            assert reply.headers[name] == real.headers[name], path
