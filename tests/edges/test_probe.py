"""`regpress probe` against good hosts and against hosts with every fault that it should tell."""

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import threading
from functools import partial

import pytest
from click.testing import CliRunner

from edges.small_site import (
    CORS,
    SERVERS,
    Answer,
    as_json,
    build_json,
    documents,
    entry,
    healthy,
    page,
    serving,
    write_tree,
)
from regpress.cli.probe import probe
from regpress.errors import ConfigError, NotFoundError, SourceUnavailableError, StorageError
from regpress.hosts.table import PROFILES
from regpress.preview import open_preview
from regpress.probe import load_local_build, parse_registry_url, run_probe, wait_for_build
from regpress.probe_checks.session import ORIGIN
from regpress.probe_fetch import MAX_BODY, HttpFetcher

MISS = "regpress-probe"


def fetcher(timeout=10.0, total=60.0):
    return HttpFetcher(timeout=timeout, total=total)


def probed(respond=healthy, *, local=None):
    with serving(respond) as server:
        return run_probe(server.url, fetcher(), local=local)


def findings(respond=healthy, *, local=None):
    """Return the findings of a probe by name; the worst of each."""
    order = ("pass", "warning", "fail")
    worst = {}
    for finding in probed(respond, local=local).findings:
        if finding.probe not in worst or order.index(finding.outcome) > order.index(worst[finding.probe].outcome):
            worst[finding.probe] = finding
    return worst


def faulty(name):
    """Return the names of the probes that a fault makes fail, and those it makes warn."""
    found = findings(FAULTS[name])
    return {probe for probe, f in found.items() if f.outcome == "fail"}, {
        probe for probe, f in found.items() if f.outcome == "warning"
    }


def with_headers(respond=healthy, **changed):
    """Return a server that sends other header fields; None leaves one out."""

    def answer(request):
        made = respond(request)
        headers = {**made.headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return made._replace(headers={name: value for name, value in headers.items() if value is not None})

    return answer


def where(condition, instead):
    """Return a server that answers *instead* where *condition* holds for the request."""
    return lambda request: instead(request) if condition(request) else healthy(request)


def fixed(status, body=b"", **headers):
    sent = {**CORS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return lambda request: Answer(status, sent, body)


def is_list(request):
    return request.path == "v0.1/servers" and request.method == "GET"


def is_miss(request):
    return MISS in request.path


def is_latest(request):
    return request.path.endswith("versions/latest") and not is_miss(request)


HTML = fixed(200, b"<!doctype html><title>App</title>", Content_Type="text/html")


def spa(request):
    made = healthy(request)
    return HTML(request) if made.status == 404 else made


def ignores_case(request):
    known = {address.lower(): address for address in documents()}
    return healthy(request._replace(path=known.get(request.path.lower(), request.path)))


def decodes_plus_as_space(request):
    return healthy(request._replace(path=request.path.replace("+", " ")))


def only_encoded_plus(request):
    return fixed(404)(request) if "+" in request.raw.partition("?")[0] else healthy(request)


def encoded_slash_is_missing(request):
    return (
        fixed(404, b"Not Found", Server="Apache/2.4.57")(request)
        if "%2F" in request.raw.partition("?")[0]
        else healthy(request)
    )


def decoded_slash_is_missing(request):
    return fixed(404, b"{}")(request) if is_latest(request) and "%2F" not in request.raw else healthy(request)


def no_rewrite(request):
    """A plain file server: only P.json exists."""
    if request.path == "v0.1/servers.json":
        return healthy(request._replace(path="v0.1/servers"))
    return fixed(404, b"{}", Server="nginx/1.22.1")(request) if request.path != "build.json" else healthy(request)


def paged(request, *, known=("p0", "p1", "p2"), size=2):
    """A host that follows cursors, two servers on a page."""
    if not is_list(request) or "search" in request.query:
        return healthy(request)
    cursor = request.query.get("cursor", "p0")
    if cursor not in known:
        return fixed(400, b"{}")(request)
    first = int(cursor[1:]) * size
    following = f"p{cursor[1:] and int(cursor[1:]) + 1}" if first + size < len(SERVERS) else None
    body = as_json(page(SERVERS[first : first + size], cursor=following))
    return Answer(200, healthy(request).headers, body)


def false_cursor(request):
    """A host that ignores the query serving a tree with a cursor."""
    return (
        Answer(200, healthy(request).headers, as_json(page(SERVERS, cursor="more")))
        if is_list(request)
        else healthy(request)
    )


def circling_cursor(request):
    """Pages that differ, whose cursors lead in a circle."""
    if not is_list(request):
        return healthy(request)
    number = len(request.query.get("cursor", ""))
    body = as_json(page([(f"com.example/s{number}", "1.0.0")], cursor="c" * (number % 3 + 1)))
    return Answer(200, healthy(request).headers, body)


def fresh_cursor_same_page(request):
    """Cursors without end, all for the same page."""
    if not is_list(request):
        return healthy(request)
    cursor = request.query.get("cursor", "") + "x"
    return Answer(200, healthy(request).headers, as_json(page(SERVERS, cursor=cursor)))


def first_page_for_unknown_cursor(request):
    known = request.query.get("cursor") in {None, "p1"}
    return paged(request if known else request._replace(query={}))


def paged_without_search(request):
    return paged(request._replace(query={key: value for key, value in request.query.items() if key != "search"}))


def superset(request):
    return healthy(request._replace(query={})) if is_list(request) else healthy(request)


def list_of(change):
    """Return a server whose list went through *change*."""

    def answer(request):
        if not is_list(request):
            return healthy(request)
        return Answer(200, healthy(request).headers, as_json(change(page(SERVERS))))

    return answer


def first_entry_without(member):
    def change(document):
        del document["servers"][0]["server"][member]
        return document

    return list_of(change)


def without_official(document):
    document["servers"][2]["_meta"] = {}
    return document


def many(count, description="x"):
    servers = [(f"com.example/s{number:05}", "1.0.0") for number in range(count)]
    listed = page(servers)
    for item in listed["servers"]:
        item["server"]["description"] = description
    body = as_json(listed)
    return where(is_list, lambda request: Answer(200, healthy(request).headers, body))


def redirect_to(target, *, status=301, **headers):
    return fixed(status, Location=target, **headers)


def slash_redirects(request, **headers):
    """A host of directory indexes: /P leads to /P/."""
    path, mark, query = request.raw.partition("?")
    if request.method == "GET" and request.path.startswith("v0.1/") and not path.endswith("/"):
        return redirect_to(f"{path}/{mark}{query}", **headers)(request)
    return healthy(request._replace(path=request.path.removesuffix("/")))


FAULTS = {
    "page fallback": spa,
    "forbidden bucket": where(is_miss, fixed(403, b"<Error/>", Server="AmazonS3")),
    "crash on a miss": where(is_miss, fixed(500, b"{}")),
    "gone instead of missing": where(is_miss, fixed(410, b"{}")),
    "html for every request": HTML,
    "html list": where(is_list, HTML),
    "html type": with_headers(Content_Type="text/html", Server="GitHub.com"),
    "tree of another host": with_headers(X_Azure_Ref="0AbC"),
    "html miss": where(is_miss, fixed(404, b"<h1>no</h1>", Cache_Control="max-age=60")),
    "login": where(is_list, fixed(401, b"{}")),
    "no cors": with_headers(Access_Control_Allow_Origin=None, Server="nginx"),
    "cors twice": with_headers(Access_Control_Allow_Origin=["*", "*"]),
    "cors for another": with_headers(Access_Control_Allow_Origin="https://example.org"),
    "no cors on 404": where(is_miss, lambda r: Answer(404, {"Cache-Control": "max-age=60"}, b"{}")),
    "no cors on redirects": partial(slash_redirects, Access_Control_Allow_Origin=""),
    "encoded slash": encoded_slash_is_missing,
    "decoded slash": decoded_slash_is_missing,
    "no rewrite": no_rewrite,
    "plus as space": decodes_plus_as_space,
    "bare plus missing": only_encoded_plus,
    "case ignored": ignores_case,
    "redirects": slash_redirects,
    "false cursor": false_cursor,
    "circling cursor": circling_cursor,
    "fresh cursor, same page": fresh_cursor_same_page,
    "unknown cursor starts over": first_page_for_unknown_cursor,
    "unknown cursor crashes": where(lambda r: r.query.get("cursor") == "does-not-exist", fixed(500)),
    "search ignored": superset,
    "search on one page": paged_without_search,
    "no options": where(lambda r: r.method == "OPTIONS", fixed(405)),
    "options without headers": where(lambda r: r.method == "OPTIONS", lambda r: Answer(200, {}, b"")),
    "cached for a day": with_headers(Cache_Control="public, max-age=86400"),
    "cached by proxies": with_headers(Cache_Control="max-age=60, s-maxage=7200"),
    "old cache": with_headers(Age="90000"),
    "cached for ten minutes": with_headers(Cache_Control="max-age=600", Server="GitHub.com"),
    "no cache-control": with_headers(Cache_Control=None),
    "first entry without description": first_entry_without("description"),
    "entry without name": first_entry_without("name"),
    "no official block": list_of(without_official),
    "empty cursor": list_of(lambda made: {**made, "metadata": {"count": 4, "nextCursor": ""}}),
    "wrong count": list_of(lambda made: {**made, "metadata": {"count": 3}}),
    "no metadata": list_of(lambda made: {"servers": made["servers"]}),
    "no build.json": where(lambda r: r.path == "build.json", fixed(404, b"{}")),
    "other list than build.json": where(lambda r: r.path == "build.json", fixed(200, as_json(build_json(SERVERS[:2])))),
    "no versions": where(lambda r: r.path.endswith("/versions"), fixed(404, b"{}")),
    "name in another case": where(
        lambda r: is_latest(r) and "alpha" in r.path,
        fixed(200, as_json(entry("Com.Example/Alpha", "1.0.0")), Cache_Control="max-age=60"),
    ),
}

#: What each fault makes fail, and what it makes warn; everything else passes.
EXPECTED = {
    "page fallback": ({"missing server"}, {"wrong case"}),
    "forbidden bucket": ({"missing server"}, set()),
    "crash on a miss": ({"missing server"}, set()),
    "gone instead of missing": ({"missing server"}, set()),
    "html for every request": ({"list", "missing server"}, {"build"}),
    "html list": ({"list"}, set()),
    "html type": ({"profile"}, {"list"}),
    "tree of another host": ({"profile"}, set()),
    "html miss": (set(), {"missing server"}),
    "login": ({"list"}, set()),
    "no cors": ({"cors"}, {"cors on 404", "options"}),
    "cors twice": ({"cors"}, {"cors on 404"}),
    "cors for another": ({"cors"}, {"cors on 404"}),
    "no cors on 404": (set(), {"cors on 404"}),
    "no cors on redirects": ({"cors on redirects"}, {"list", "latest"}),
    "encoded slash": ({"latest", "exact version", "versions"}, {"missing server", "caching"}),
    "decoded slash": (set(), {"latest, plain slash"}),
    "no rewrite": ({"list"}, set()),
    "plus as space": ({"exact version"}, set()),
    "bare plus missing": (set(), {"exact version"}),
    "case ignored": (set(), {"wrong case"}),
    "redirects": (set(), {"list", "latest"}),
    "false cursor": ({"cursor", "unknown cursor"}, {"search"}),
    "circling cursor": (
        {"cursor", "unknown cursor", "search", "latest", "exact version", "versions"},
        {"latest, plain slash"},
    ),
    "fresh cursor, same page": ({"cursor", "unknown cursor"}, {"search"}),
    "unknown cursor starts over": ({"unknown cursor"}, set()),
    "unknown cursor crashes": ({"unknown cursor"}, set()),
    "search ignored": (set(), {"search"}),
    "search on one page": ({"search"}, set()),
    "no options": (set(), {"options"}),
    "options without headers": (set(), {"options"}),
    "cached for a day": ({"caching"}, set()),
    "cached by proxies": ({"caching"}, set()),
    "old cache": ({"caching"}, set()),
    "cached for ten minutes": ({"profile"}, {"caching"}),
    "no cache-control": (set(), {"caching"}),
    "first entry without description": ({"entries", "list digest"}, {"search"}),
    "entry without name": ({"entries", "list digest"}, {"search"}),
    "no official block": ({"entries", "list digest"}, {"search"}),
    "empty cursor": ({"list digest"}, {"entries", "search"}),
    "wrong count": ({"list digest"}, {"entries", "search"}),
    "no metadata": ({"list"}, set()),
    "no build.json": (set(), {"build"}),
    "other list than build.json": ({"list digest"}, set()),
    "no versions": ({"versions"}, set()),
    "name in another case": ({"latest"}, {"latest, plain slash"}),
}


def test_a_good_host_passes_every_probe():
    report = probed(local=build_json())
    assert {f.probe: f.seen for f in report.findings if f.outcome != "pass"} == {}
    assert report.outcome == "pass"


def test_a_good_host_with_pages_passes_every_probe():
    report = probed(paged, local=build_json())
    assert {f.probe: f.seen for f in report.findings if f.outcome != "pass"} == {}
    assert "2 pages" in next(f.seen for f in report.findings if f.probe == "cursor")


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_shows_in_its_own_probes_and_no_others(name):
    assert faulty(name) == EXPECTED[name]


def test_every_probe_has_a_fault_that_shows_it():
    shown = {probe for failing, warning in EXPECTED.values() for probe in failing | warning}
    assert {finding.probe for finding in probed().findings} - shown == {"list size", "redirect target"}


@pytest.mark.parametrize(
    ("name", "probe_name", "line"),
    [
        ("encoded slash", "latest", "AllowEncodedSlashes On"),
        ("no rewrite", "list", "try_files $uri.json =404;"),
        ("forbidden bucket", "missing server", "s3:ListBucket"),
        ("no cors", "cors", "add_header Access-Control-Allow-Origin * always;"),
        ("false cursor", "cursor", "ignores the query"),
        ("page fallback", "missing server", "404.html"),
        ("html type", "list", "registry.json"),
        ("cached for ten minutes", "caching", "fixed by the host"),
        ("login", "list", "without a login"),
        ("html type", "list", "site.host: github-pages-page"),
        ("html type", "profile", "regpress build --host github-pages"),
        ("tree of another host", "profile", "regpress build --host azure-swa"),
    ],
)
def test_a_fault_comes_with_the_line_that_mends_it(name, probe_name, line):
    assert line in findings(FAULTS[name])[probe_name].mend


#: A fault, the probe that shows it, and what mends it on each host: the fault, changed to come from that host.
MENDED = [
    (spa, "missing server", {"Server": "Caddy"}, "end try_files without /index.html"),
    (spa, "missing server", {"X-Nf-Request-Id": "1"}, "in _redirects, remove: /* /index.html 200"),
    (spa, "missing server", {"X-Azure-Ref": "1"}, "remove navigationFallback"),
    (false_cursor, "cursor", {"Server": "nginx/1.22.1"}, "include _config/nginx.conf"),
    (false_cursor, "cursor", {"Server": "Apache/2.4.57"}, "Include _config/apache.conf"),
    (false_cursor, "cursor", {"Server": "Caddy"}, "import _config/caddy.conf"),
    (false_cursor, "cursor", {"X-Vercel-Id": "1"}, "deploy vercel.json"),
    (false_cursor, "cursor", {"X-Amz-Cf-Id": "1"}, "_config/cloudfront-function.js"),
    (false_cursor, "cursor", {"Server": "GitHub.com"}, "build with --host github-pages"),
    (slash_redirects, "list", {"Server": "Apache/2.4.57"}, "DirectorySlash Off"),
    (slash_redirects, "latest", {"Server": "GitHub.com"}, "site.host: github-pages-folder"),
    (decodes_plus_as_space, "exact version", {"Server": "AmazonS3"}, "under both spellings"),
    (only_encoded_plus, "exact version", {"X-Azure-Ref": "1"}, "does not find a +"),
    (where(is_miss, fixed(403)), "missing server", {"Server": "UploadServer"}, "Storage Object Viewer"),
    (where(is_miss, fixed(403)), "missing server", {"Server": "AmazonS3"}, "s3:ListBucket"),
]


@pytest.mark.parametrize(
    ("fault", "probe_name", "sent", "line"), MENDED, ids=lambda value: getattr(value, "__name__", str(value))[:40]
)
def test_the_same_fault_is_mended_on_each_host_in_its_own_way(fault, probe_name, sent, line):
    def respond(request):
        made = fault(request)
        return made._replace(headers={**made.headers, **sent})

    assert line in findings(respond)[probe_name].mend


def test_a_list_that_is_html_is_called_so():
    assert "HTML instead of JSON" in findings(FAULTS["html list"])["list"].seen


@pytest.mark.parametrize(
    ("respond", "outcome"),
    [
        (many(5_000), "pass"),
        (many(5_001), "warning"),
        (many(10_001), "fail"),
        (many(600, "d" * 9_000), "warning"),
        (many(600, "d" * 18_000), "fail"),
    ],
)
def test_lists_that_clients_refuse_are_found_by_count_and_by_size(respond, outcome):
    assert findings(respond)["list size"].outcome == outcome


@pytest.mark.parametrize("host", [name for name, profile in PROFILES.items() if not profile.runs_code])
def test_the_preview_of_every_profile_of_files_passes(tmp_path, host):
    folder = write_tree(tmp_path, host)
    with open_preview(folder, host=host, port=0, base_path="/team") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        report = run_probe(f"{server.url}/team", fetcher(), local=load_local_build(folder))
        server.shutdown()
        thread.join()
    assert {f.probe for f in report.findings if f.outcome == "fail"} == set()
    assert all(
        "fixed by the host" in f.mend for f in report.findings if host == "github-pages" and f.probe == "caching"
    )
    # A host without rules of its own for errors and methods answers misses with the page, and no preflight requests.
    bare = {"search", "missing server", "options"}
    pages = {*bare, "list", "caching"}
    known = {
        "github-pages": pages,
        "github-pages-page": pages,
        "github-pages-folder": {*pages, "latest"},
        "github-pages-index": pages,
        "gitlab-pages": {*bare, "caching"},
        "netlify": {*bare, "cors on 404"},
        "vercel": bare,
        "s3-cloudfront": {"search", "missing server"},
        "object-store": {*bare, "caching"},
        "azure-swa": {*bare, "caching"},
        "firebase": bare,
    }
    warned = {f.probe for f in report.findings if f.outcome == "warning"}
    assert warned == known.get(host, {"search"})


def test_every_request_carries_the_origin_of_the_editor():
    assert ORIGIN == "vscode-file://vscode-app"
    with serving(echo_origin := with_headers(Access_Control_Allow_Origin=ORIGIN)) as server:
        report = run_probe(server.url, fetcher())
    assert echo_origin
    assert report.outcome == "pass"


def test_one_plain_one_plus_and_one_upper_case_server_are_asked_for():
    with serving() as server:
        run_probe(server.url, fetcher())
    exact = {request.raw.rpartition("/")[2] for request in server.asked if "/versions/" in request.raw}
    assert {"1.0.0", "2.0.0%2Blinux", "2.0.0+linux", "0.3.0"} <= exact
    assert any("io.github.Octo%2FUpper/versions/latest" in request.raw for request in server.asked)


def test_names_in_a_hostile_list_never_become_other_addresses():
    hostile = [
        ("../../admin", "1"),
        ("com.example/..", "1"),
        ("a.b/c", "../../x"),
        ("a.b/d\r\nX: y", "1"),
        ("", ""),
        ("\ud800", "\udfff"),
    ]
    body = as_json(page(hostile))
    with serving(where(is_list, lambda request: Answer(200, healthy(request).headers, body))) as server:
        run_probe(server.url, fetcher())
    assert all(request.path.startswith(("v0.1/servers", "build.json")) for request in server.asked)
    assert not any(".." in request.path for request in server.asked if "search" not in request.query)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_reported_and_not_followed(status):
    with serving() as other:
        target = f"{other.url}/v0.1/servers"
        report = findings(where(is_list, redirect_to(target, status=status)))
    assert other.asked == []
    assert report["list"].outcome == "fail"
    assert "not followed" in report["list"].seen
    assert other.url in report["list"].mend


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data", "//127.0.0.1:1/x", "file:///etc/passwd", "http://[", "http://a:99999/"],
)
def test_a_redirect_to_a_private_or_broken_address_is_reported_and_not_followed(target):
    found = findings(where(is_latest, redirect_to(target)))
    assert found["latest"].outcome == "fail"
    assert "not followed" in found["latest"].seen


def test_a_redirect_without_end_is_given_up():
    with serving(where(is_list, redirect_to("/v0.1/servers?limit=1&version=latest"))) as server:
        report = run_probe(server.url, fetcher())
    assert report.outcome == "fail"
    assert len(server.asked) < 40


def test_answers_are_harmless_to_a_terminal():
    wild = "text/\x1b[31mred\x9b;" + "x" * 2000
    report = probed(with_headers(Content_Type=wild))
    shown = [finding.seen + finding.mend + finding.subject for finding in report.findings]
    assert all(text.isprintable() and len(text) < 1000 for text in shown)


# The deployed build


def test_the_deployed_build_is_compared_with_the_local_one():
    stale = build_json(SERVERS[:3], revision="r0")
    found = findings(where(lambda r: r.path == "build.json", fixed(200, as_json(stale))), local=build_json())
    assert found["build"].outcome == "fail"
    for fact in ("revision is r0, not r1", "counts.servers is 3, not 4", "list.sha256"):
        assert fact in found["build"].seen
    assert found["list digest"].outcome == "fail"


def test_a_deployment_without_build_json_fails_where_one_is_expected():
    assert findings(FAULTS["no build.json"], local=build_json())["build"].outcome == "fail"


@pytest.mark.parametrize("broken", [b"[]", b"{", b"null", b'{"list": 3, "counts": []}', b'{"list": {"sha256": 7}}'])
def test_a_malformed_build_json_is_a_finding(broken):
    found = findings(where(lambda r: r.path == "build.json", fixed(200, broken)), local=build_json())
    assert found["build"].outcome == "fail"


def test_cursors_that_leave_servers_out_are_found_by_the_local_count():
    local = build_json()
    local["counts"]["servers"] = 5
    assert "4 servers, the local build 5" in findings(paged, local=local)["cursor"].seen


def test_the_build_of_another_registry_lies_at_the_root_of_the_site():
    def below(request):
        return healthy(request._replace(path=request.path.removeprefix("registry/team/")))

    def only_root_build(request):
        if request.path == "registry/team/build.json":
            return fixed(404, b"{}")(request)
        return below(request)

    with serving(only_root_build) as server:
        report = run_probe(f"{server.url}/registry/team", fetcher(), local=build_json())
    assert {f.probe for f in report.findings if f.outcome != "pass"} == set()


def test_waiting_ends_when_the_build_has_arrived():
    slept = []

    def arriving(request):
        if request.path == "build.json" and len(slept) < 2:
            return fixed(200, as_json(build_json(revision="r0")))(request)
        return healthy(request)

    with serving(arriving) as server:
        assert wait_for_build(server.url, fetcher(), local=build_json(), seconds=60, sleep=slept.append)
        assert slept == [10, 10]
        never = build_json(revision="r9")
        assert not wait_for_build(server.url, fetcher(), local=never, seconds=30, sleep=slept.append)
    assert slept == [10] * 5


def test_a_local_build_is_read_from_its_folder_or_file(tmp_path):
    with pytest.raises(NotFoundError, match=r"build.json: does not exist"):
        load_local_build(tmp_path)
    (tmp_path / "build.json").write_text("[]")
    with pytest.raises(StorageError, match="is not a JSON object"):
        load_local_build(tmp_path)
    (tmp_path / "build.json").write_bytes(b"\xff")
    with pytest.raises(StorageError, match="cannot be read as JSON"):
        load_local_build(tmp_path / "build.json")
    (tmp_path / "build.json").write_bytes(as_json(build_json()))
    assert load_local_build(tmp_path) == load_local_build(tmp_path / "build.json") == build_json()


# The network


def test_a_host_that_is_not_there_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceUnavailableError, match="Connection refused"):
        run_probe(f"http://127.0.0.1:{port}", fetcher())


def dripping(piece):
    """Return a listener and a thread that sends *piece* again and again to whoever connects."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def run():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            try:
                while not stop.wait(0.02):
                    connection.sendall(piece)
            except OSError:
                pass

    thread = threading.Thread(target=run)
    thread.start()

    def end():
        stop.set()
        thread.join()
        listener.close()

    return f"http://127.0.0.1:{listener.getsockname()[1]}/", end


@pytest.mark.parametrize("piece", [b"", b"x", b"X: y\r\n"])
def test_a_server_that_drips_cannot_hold_the_probe(piece):
    url, end = dripping(piece)
    try:
        with pytest.raises(SourceUnavailableError, match=r"no complete answer within 0.3 seconds"):
            fetcher(timeout=0.3).fetch(url)
    finally:
        end()


def test_an_answer_that_breaks_off_is_no_answer():
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"servers": []}')

    thread = threading.Thread(target=run)
    thread.start()
    with listener, pytest.raises(SourceUnavailableError, match="the answer broke off"):
        fetcher().fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    thread.join()


def test_no_request_begins_after_the_time_for_all_of_them():
    moments = iter([0.0, 1.0, 61.0])
    with serving() as server:
        patient = HttpFetcher(timeout=10, total=60, clock=lambda: next(moments))
        assert patient.fetch(f"{server.url}/build.json").status == 200
        with pytest.raises(SourceUnavailableError, match="time for the whole probe is over"):
            patient.fetch(f"{server.url}/build.json")
    assert len(server.asked) == 1


def test_a_request_that_fails_later_is_a_finding_and_the_others_go_on():
    class Flaky:
        def __init__(self, inner):
            self.inner = inner

        def fetch(self, url, **options):
            if "search" in url:
                raise SourceUnavailableError(url, "no answer in time")
            return self.inner.fetch(url, **options)

    with serving() as server:
        report = run_probe(server.url, Flaky(fetcher()))
    assert [f.probe for f in report.findings if f.outcome == "fail"] == ["search"]


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_a_body_without_end_is_cut(encoding):
    large = b" " * (MAX_BODY + 10)
    body, headers = (gzip.compress(large), {"Content-Encoding": "gzip"}) if encoding else (large, {})
    with serving(lambda request: Answer(200, headers, body)) as server:
        response = fetcher().fetch(server.url)
    assert (response.cut, len(response.body)) == (True, MAX_BODY)


def test_a_compressed_list_is_read():
    def compressed(request):
        made = healthy(request)
        return made._replace(headers={**made.headers, "Content-Encoding": "gzip"}, body=gzip.compress(made.body))

    assert probed(compressed).outcome == "pass"


def test_a_deeply_nested_answer_is_no_json():
    deep = b"[" * 200_000
    assert findings(where(is_list, fixed(200, deep)))["list"].outcome == "fail"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(
        [*command.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True
    )
    return folder


def secure(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_https_is_spoken_and_a_redirect_to_http_fails(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    with serving(context=secure(certificate)) as server:
        assert run_probe(server.url, fetcher()).outcome == "pass"

    def downgrading(request):
        if is_latest(request) and "Upper" in request.path:
            return redirect_to(f"http://localhost:{server.server_port}{request.raw}/")(request)
        return healthy(request)

    with serving(downgrading, context=secure(certificate)) as server:
        found = {f.probe: f for f in run_probe(server.url, fetcher()).findings}
    assert found["redirect target"].outcome == "fail"
    assert "http, not https" in found["redirect target"].seen


def test_a_certificate_that_nobody_vouches_for_is_named(certificate):
    with (
        serving(context=secure(certificate)) as server,
        pytest.raises(SourceUnavailableError, match="the certificate is not valid"),
    ):
        fetcher().fetch(server.url)


# The command


def run(*arguments):
    return CliRunner().invoke(probe, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("respond", "options", "code"),
    [
        (healthy, (), 0),
        (healthy, ("--strict",), 0),
        (superset, (), 0),
        (superset, ("--strict",), 1),
        (spa, (), 1),
    ],
)
def test_exit_code_is_1_for_failures_and_with_strict_for_warnings(respond, options, code):
    with serving(respond) as server:
        assert run(server.url, *options).exit_code == code


def test_text_is_a_table_with_what_to_mend_and_a_summary_apart():
    with serving(FAULTS["no cors"]) as server:
        result = run(server.url + "/")
    lines = result.stdout.splitlines()
    assert any(line.split()[:2] == ["pass", "list"] for line in lines)
    failing = next(place for place, line in enumerate(lines) if line.startswith("fail"))
    assert "no Access-Control-Allow-Origin" in lines[failing]
    assert "mend: add_header" in lines[failing + 1]
    assert "1 failed" in result.stderr
    assert "1 failed" not in result.stdout


def test_json_holds_every_finding():
    with serving(spa) as server:
        document = json.loads(run(server.url, "--format", "json").stdout)
    assert document["url"] == server.url
    assert document["outcome"] == "fail"
    assert sum(document["counts"].values()) == len(document["findings"])
    assert set(document["findings"][0]) == {"probe", "subject", "outcome", "seen", "mend"}


def test_github_annotations_hold_what_did_not_pass_and_nothing_forged():
    forged = with_headers(superset, Content_Type="x%0A::error::forged")
    with serving(forged) as server:
        lines = run(server.url, "--format", "github").stdout.splitlines()
    assert lines
    assert all(line.startswith("::warning title=probe ") for line in lines)
    assert any("x%250a::error::forged" in line for line in lines)


def test_the_local_build_is_compared_by_the_command(tmp_path):
    (tmp_path / "build.json").write_bytes(as_json(build_json(revision="r2")))
    with serving() as server:
        result = run(server.url, "--build", tmp_path)
    assert result.exit_code == 1
    assert "revision is r1, not r2" in result.stdout


def test_waiting_without_a_build_to_wait_for_is_a_usage_error():
    result = run("http://127.0.0.1:1", "--wait", 10)
    assert result.exit_code == 2
    assert "--wait needs --build" in result.stderr


def test_an_unreachable_host_is_an_error_of_its_own_kind():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(run(f"http://127.0.0.1:{port}").exception, SourceUnavailableError)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("http://127.0.0.1:8000/team/", "http://127.0.0.1:8000/team"),
        ("https://example.org/mcp-servers", "https://example.org/mcp-servers"),
    ],
)
def test_an_address_is_read_with_or_without_its_last_slash(text, url):
    assert parse_registry_url(text) == url


@pytest.mark.parametrize("ending", ["/v0.1", "/v0.1/", "/v0", "/v0.1/servers", "/v0/servers/"])
def test_an_address_with_the_part_that_clients_append_is_refused_with_the_right_one(ending):
    with pytest.raises(ConfigError, match=r"\(expected https://example.org/team\)"):
        parse_registry_url(f"https://example.org/team{ending}")


@pytest.mark.parametrize(
    "text",
    ["", "example.org", "file:///etc/passwd", "ftp://example.org", "https://", "https://a b/", "https://a:99999/",
     "https://user:word@example.org/", "https://example.org/?x", "https://exämple.org", "https://[/", "http://a\n/"],
)  # fmt: skip
def test_what_is_no_address_of_a_registry_is_refused(text):
    with pytest.raises(ConfigError, match=r"^url: "):
        parse_registry_url(text)
