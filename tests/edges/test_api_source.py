"""Sources of type ``api``, against servers on loopback that answer as a test says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from builders import official, server
from edges.fixed_answers import Site, serve
from edges.web_server import free_port
from regpress import __version__
from regpress.errors import SourceError, SourceMalformedError, SourceUnavailableError
from regpress.model.entry import Snapshot
from regpress.model.registry import read_candidates
from regpress.names import SourceName
from regpress.sources.api import ApiSource, Limits
from regpress.sources.http import AddressRule, public_only
from regpress.sources.url import UrlSource

FIRST = "/v0.1/servers?limit=100"


def next_of(cursor: str) -> str:
    return f"{FIRST}&cursor={quote(cursor, safe='')}"


def entry(name: str, version: str = "1.0.0", **block: Any) -> dict[str, Any]:
    return {"server": server(name, version), "_meta": official(**block) if block else {}}


A, B, C, D = (entry(f"com.example/{name}") for name in "abcd")


def page(*entries: Any, cursor: Any = None) -> bytes:
    metadata = {"count": len(entries)} if cursor is None else {"count": len(entries), "nextCursor": cursor}
    return json.dumps({"servers": list(entries), "metadata": metadata}).encode()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with serve(site) as base:
        site.base = base
        yield site


def pages(site: Site, *several: Sequence[Any], prefix: str = "") -> None:
    """Answer with some pages, whose cursors are ``c:1``, ``c:2`` and so on."""
    for number, entries in enumerate(several):
        cursor = f"c:{number + 1}" if number + 1 < len(several) else None
        site.answer(prefix + (next_of(f"c:{number}") if number else FIRST), page(*entries, cursor=cursor))


def source(tmp_path: Path, endpoint: str, **options: Any) -> ApiSource:
    options = {"address_rule": None, "timeout": 5.0, "limits": Limits(pause=0), **options}
    return ApiSource(name=SourceName("up"), endpoint=endpoint, cache=tmp_path / "cache", **options)


def entries_of(snapshot: Snapshot) -> Any:
    (file,) = snapshot.files
    return json.loads(file.data)["servers"]


def failure(tmp_path: Path, endpoint: str, kind: type[SourceError] = SourceUnavailableError, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        source(tmp_path, endpoint, **options).fetch()
    return str(caught.value).removeprefix(f"up: {endpoint}/v0.1/servers: ")


def asked(site: Site) -> list[str]:
    return [path for path, _ in site.requests]


# The walk


def test_all_pages_become_one_list_that_the_readers_read(tmp_path: Path, site: Site) -> None:
    pages(site, [A, B], [], [C], [D])
    snapshot = source(tmp_path, site.base, claims={"org": "acme"}).fetch()
    assert asked(site) == [FIRST, next_of("c:1"), next_of("c:2"), next_of("c:3")]
    assert entries_of(snapshot) == [A, B, C, D]
    assert (snapshot.claims, snapshot.issues) == ({"org": "acme"}, ())
    assert snapshot.revision.startswith("sha256:")
    (file,) = snapshot.files
    assert (file.path, file.modified) == (f"{site.base}/v0.1/servers", "")
    found = read_candidates(file)
    assert (found.format, found.issues) == ("list", ())
    assert [one.value["name"][-1] for one in found.candidates] == ["a", "b", "c", "d"]
    fields = site.requests[-1][1]
    assert (fields["User-Agent"], fields["Accept"]) == (f"regpress/{__version__}", "application/json")
    assert {"Authorization", "Cookie"}.isdisjoint(fields)


@pytest.mark.parametrize("end", ["", "/", "//"])
@pytest.mark.parametrize("path", ["", "/tides", "/registry/harbour"])
def test_an_endpoint_is_a_base_with_or_without_a_slash_at_its_end(
    tmp_path: Path, site: Site, path: str, end: str
) -> None:
    pages(site, [A], [B], prefix=path)
    snapshot = source(tmp_path, site.base + path + end).fetch()
    assert entries_of(snapshot) == [A, B]
    assert snapshot.files[0].path == f"{site.base}{path}/v0.1/servers"


def test_a_list_without_cursors_is_complete_whatever_was_asked(tmp_path: Path, site: Site) -> None:
    many = [entry(f"com.example/n{number}") for number in range(250)]
    site.answer(FIRST, page(*many), Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")
    snapshot = source(tmp_path, site.base).fetch()
    assert entries_of(snapshot) == many
    assert snapshot.files[0].modified == "2026-01-01T00:00:00Z"
    assert asked(site) == [FIRST]


@pytest.mark.parametrize("cursor", ["a b&c=d/é#?+%41:=", "com.example/a:1.0.0", "ü" * 100])
def test_a_cursor_is_given_back_as_it_came(tmp_path: Path, site: Site, cursor: str) -> None:
    site.answer(FIRST, page(A, cursor=cursor))
    site.answer(next_of(cursor), page(B))
    assert entries_of(source(tmp_path, site.base).fetch()) == [A, B]


@pytest.mark.parametrize(
    "end", [b"", b', "metadata": null', b', "metadata": {}', b', "metadata": {"nextCursor": null}',
            b', "metadata": {"nextCursor": ""}', b', "metadata": {"next_cursor": ""}']
)  # fmt: skip
def test_every_way_to_say_that_there_is_no_more_ends_the_walk(tmp_path: Path, site: Site, end: bytes) -> None:
    site.answer(FIRST, b'{"servers": [%s]%s}' % (json.dumps(A).encode(), end))
    assert entries_of(source(tmp_path, site.base).fetch()) == [A]
    site.answer(FIRST, b'{"servers": null%s}' % end)
    assert entries_of(source(tmp_path, site.base).fetch()) == []


def test_cursors_as_older_registries_spell_them_are_followed(tmp_path: Path, site: Site) -> None:
    site.answer(FIRST, b'{"servers": [], "metadata": {"next_cursor": "x"}}')
    site.answer(next_of("x"), page(B))
    assert entries_of(source(tmp_path, site.base).fetch()) == [B]


def test_documents_are_copied_letter_by_letter(tmp_path: Path, site: Site) -> None:
    odd = b'{ "server": {"n": 1.10, "big": 123456789012345678901234567890, "t": "\\u00e9<\xc3\xa9", "x": 1E400} }'
    site.answer(FIRST, b'\xef\xbb\xbf{\n "servers": [\n  %s ,\n  5\n ],\n "metadata": {"nextCursor": "2"}}' % odd)
    site.answer(next_of("2"), b'{"metadata":{},"skills":[{"skill":{}}],"servers":[%s,%s]}' % (odd, odd))
    (file,) = source(tmp_path, site.base).fetch().files
    assert file.data == b'{"servers":[\n%s,\n5,\n%s,\n%s\n],"metadata":{"count":4}}\n' % (odd, odd, odd)


def test_where_pages_are_cut_does_not_change_the_revision(tmp_path: Path, site: Site) -> None:
    pages(site, [A, B], [C])
    first = source(tmp_path, site.base).fetch()
    pages(site, [A], [B, C])
    assert source(tmp_path, site.base).fetch() == first
    pages(site, [A], [B])
    assert source(tmp_path, site.base).fetch().revision != first.revision


# What is refused


def test_a_cursor_that_comes_again_is_an_error_and_no_endless_walk(tmp_path: Path, site: Site) -> None:
    site.answer(FIRST, page(A, cursor="x"))
    site.answer(next_of("x"), page(B, cursor="y"))
    site.answer(next_of("y"), page(C, cursor="x"))
    text = failure(tmp_path, site.base, SourceMalformedError)
    assert text == "page 3: the cursor of an earlier page comes again (expected a list with an end)"
    assert len(site.requests) == 3


def test_a_walk_has_an_end_in_pages_servers_bytes_and_time(tmp_path: Path, site: Site) -> None:
    pages(site, [A], [B], [C], [D])

    def ended(**limits: Any) -> str:
        site.requests.clear()
        return failure(tmp_path, site.base, SourceError, limits=Limits(**limits))

    assert ended(pages=3) == "the list does not end (expected at most 3 pages)"
    assert len(site.requests) == 3
    assert ended(servers=1) == "page 2: there are too many servers (expected at most 1)"
    assert ended(seconds=0) == "the walk to page 1 took more than 0 s"
    assert ended(size=450).startswith("page 2: the servers have too many bytes (expected at most")
    assert "answers with too many bytes" in ended(size=100)
    assert len(entries_of(source(tmp_path, site.base, limits=Limits(pages=4, servers=4)).fetch())) == 4


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<!DOCTYPE html>", "begins with '<!DOCTYPE html>' (expected a list of servers in JSON)"),
        (b"", "is empty (expected a list of servers in JSON)"),
        (b'{"servers": [', ": line 1: not JSON: "),
        (b'{"servers": [{"a": 1, "a": 2}]}', ": line 1: the key 'a' stands twice in one object (expected each key"),
        (b'{"servers": [{"a": "\xff"}]}', ": line 1: byte 0xff is not UTF-8"),
        (b'{"servers": [{"a": NaN}]}', ": NaN is not a JSON number"),
        (b'{"servers": ' + b"[" * 200_000, ": nested too deeply"),
        (b"[]", ": holds an array (expected a list of servers)"),
        (b"{}", ": holds an empty object (expected a list of servers)"),
        (b'{"error": "x"}', ": holds an error answer (expected a list of servers)"),
        (b'{"skills": []}', ": holds an object with the keys 'skills' (expected a list of servers)"),
        (b'{"servers": {}}', ": holds an object with the keys 'servers' (expected a list of servers)"),
        (b'{"version": "1.0.0", "data": {"servers": []}}', ": holds an object with the keys 'version', 'data'"),
        (page(cursor=5), ": its cursor cannot be asked for (expected a text of at most 2048 characters)"),
        (page(cursor="x" * 3000), ": its cursor cannot be asked for"),
        (page(cursor="\ud800"), ": its cursor cannot be asked for"),
    ],
)
def test_a_page_that_is_no_list_of_servers_is_malformed_wherever_it_comes(
    tmp_path: Path, site: Site, body: bytes, text: str
) -> None:
    site.answer(FIRST, body)
    assert failure(tmp_path, site.base, SourceMalformedError).startswith(
        f"page 1{text if text[0] == ':' else ' ' + text}"
    )
    pages(site, [A], [B])
    good = source(tmp_path, site.base).fetch()
    site.answer(next_of("c:1"), body)
    assert failure(tmp_path, site.base, SourceMalformedError).startswith("page 2")
    pages(site, [A], [B])
    site.answer(FIRST, status=503)
    assert source(tmp_path, site.base).fetch().files == good.files


@pytest.mark.parametrize("status", [404, 405, 410])
def test_an_address_that_has_no_list_is_told_what_an_endpoint_is(tmp_path: Path, site: Site, status: int) -> None:
    site.answer(FIRST, status=status)
    assert re.fullmatch(
        rf"answers {status} [A-Za-z ]+ \(expected the base address of a registry as 'endpoint'\)",
        failure(tmp_path, site.base),
    )


@pytest.mark.parametrize("status", [204, 401, 403])
def test_only_200_is_an_answer(tmp_path: Path, site: Site, status: int) -> None:
    site.answer(FIRST, status=status)
    assert failure(tmp_path, site.base).startswith(f"answers {status}")


def test_a_private_address_is_refused_with_the_setting_that_allows_it(tmp_path: Path, site: Site) -> None:
    pages(site, [A])
    assert "allowPrivateAddresses" in failure(tmp_path, site.base, address_rule=public_only)
    assert site.requests == []


@pytest.mark.parametrize("at", [0, 1])
def test_a_redirect_to_a_private_address_is_refused_on_every_page(tmp_path: Path, site: Site, at: int) -> None:
    def rule(address: str) -> str | None:
        return "127.0.0.2 is a loopback address" if address == "127.0.0.2" else None

    pages(site, [A], [B])
    inside = site.base.replace("127.0.0.1", "127.0.0.2")
    good = source(tmp_path, site.base, address_rule=rule).fetch()
    assert entries_of(good) == [A, B]
    site.redirect((FIRST, next_of("c:1"))[at], f"{inside}/secret")
    site.requests.clear()
    text = failure(tmp_path, site.base, address_rule=rule)
    assert "127.0.0.2 is not asked because 127.0.0.2 is a loopback address" in text
    assert text.startswith("page 2: ") is bool(at)
    assert asked(site) == [FIRST, next_of("c:1")][: at + 1]


def test_redirects_to_where_the_registry_moved_are_followed(tmp_path: Path, site: Site) -> None:
    pages(site, [A], [B], prefix="/new")
    for path in (FIRST, next_of("c:1")):
        site.redirect(path, f"{site.base}/new{path}", status=308)
    rule: AddressRule = lambda _: None  # noqa: E731
    assert entries_of(source(tmp_path, site.base, address_rule=rule).fetch()) == [A, B]


# The copy


def test_the_last_good_copy_stands_in_for_a_registry_that_cannot_be_reached(tmp_path: Path) -> None:
    with serve(site := Site()) as base:
        site.base = base
        pages(site, [A], [B])
        online = source(tmp_path, base).fetch()
    offline = source(tmp_path, f"{base}/").fetch()
    assert (offline.files, offline.revision) == (online.files, online.revision)
    (issue,) = offline.issues
    assert (issue.severity, issue.reference, issue.source) == ("warning", "source-offline", "up")
    assert issue.message == "cannot be reached (Connection refused); the last good copy is used"


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_page_that_fails_in_the_middle_leaves_the_last_good_copy(tmp_path: Path, site: Site, status: int) -> None:
    pages(site, [A], [B], [C])
    good = source(tmp_path, site.base).fetch()
    pages(site, [D], [B], [C])
    site.answer(next_of("c:2"), status=status)
    snapshot = source(tmp_path, site.base).fetch()
    assert snapshot.files == good.files
    (issue,) = snapshot.issues
    assert issue.message.startswith(f"page 3: answers {status} ")
    assert issue.message.endswith("; the last good copy is used")
    pages(site, [D], [B], [C])
    assert entries_of(source(tmp_path, site.base).fetch()) == [D, B, C]


def test_a_page_in_the_middle_is_asked_for_three_times_and_the_first_once(tmp_path: Path, site: Site) -> None:
    pages(site, [A], [B])
    good = site.answers[next_of("c:1")]
    answers = [429, 503]

    def recovering(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(answers.pop(0)) if answers else good(handler)

    site.answers[next_of("c:1")] = recovering
    assert entries_of(source(tmp_path, site.base).fetch()) == [A, B]
    assert asked(site) == [FIRST, *[next_of("c:1")] * 3]
    site.requests.clear()
    site.answer(FIRST, status=503)
    assert source(tmp_path, site.base).fetch().issues
    assert asked(site) == [FIRST]


def test_a_page_that_fails_where_there_is_no_copy_is_told_with_its_number(tmp_path: Path, site: Site) -> None:
    pages(site, [A], [B])
    site.answer(next_of("c:1"), status=500)
    text = failure(tmp_path, site.base)
    assert text == "page 2: answers 500 Internal Server Error (expected 200 with a document)"
    assert not (tmp_path / "cache").exists()


def test_a_registry_that_was_withdrawn_does_not_come_back_from_the_copy(tmp_path: Path, site: Site) -> None:
    pages(site, [A])
    source(tmp_path, site.base).fetch()
    site.answer(FIRST, status=404)
    assert failure(tmp_path, site.base).startswith("answers 404")


def test_a_copy_belongs_to_one_registry_and_to_the_type_of_its_source(tmp_path: Path, site: Site) -> None:
    pages(site, [A], [B])
    source(tmp_path, site.base).fetch()
    other = f"http://127.0.0.1:{free_port()}"
    assert "cannot be reached" in failure(tmp_path, other)
    site.answer("/v0.1/servers", status=503)
    url = f"{site.base}/v0.1/servers"
    of_file = UrlSource(name=SourceName("up"), url=url, cache=tmp_path / "cache", address_rule=None)
    with pytest.raises(SourceUnavailableError):
        of_file.fetch()


def test_a_copy_that_cannot_be_kept_is_a_warning(tmp_path: Path, site: Site) -> None:
    (tmp_path / "cache").write_text("in the way")
    pages(site, [A])
    snapshot = source(tmp_path, site.base).fetch()
    assert entries_of(snapshot) == [A]
    assert [issue.reference for issue in snapshot.issues] == ["source-cache"]
