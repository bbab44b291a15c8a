import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from edges.fixed_answers import BODY, Site, serve
from edges.web_server import free_port
from regpress import __version__
from regpress.errors import SourceMalformedError, SourceUnavailableError
from regpress.names import SourceName
from regpress.sources.http import AddressRule, public_only, shown_url
from regpress.sources.url import UrlCopy, UrlSource


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with serve(site) as base:
        site.base = base
        yield site


def only(*allowed: str) -> AddressRule:
    return lambda address: None if address in allowed else f"{address} is a forbidden address"


def source(tmp_path: Path, url: str, **options: Any) -> UrlSource:
    options = {"address_rule": None, "timeout": 5.0, **options}
    return UrlSource(name=SourceName("team"), url=url, cache=tmp_path / "cache", **options)


@pytest.fixture(params=["any address", "judged addresses"])
def rule(request: pytest.FixtureRequest) -> AddressRule | None:
    return None if request.param == "any address" else only("127.0.0.1")


def failure(tmp_path: Path, url: str, **options: Any) -> str:
    with pytest.raises(SourceUnavailableError) as caught:
        source(tmp_path, url, **options).fetch()
    return str(caught.value)


def test_an_address_gives_its_document_with_time_and_revision(
    tmp_path: Path, site: Site, rule: AddressRule | None
) -> None:
    url = site.answer("/r.json", ETag='"abc"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")
    snapshot = source(tmp_path, url, address_rule=rule, claims={"org": "acme"}).fetch()
    (file,) = snapshot.files
    assert (file.path, file.data, file.modified, file.times) == (url, BODY, "2026-01-01T00:00:00Z", None)
    assert snapshot.revision.startswith('"abc" sha256:')
    assert (snapshot.claims, snapshot.issues) == ({"org": "acme"}, ())


def test_one_request_is_made_and_says_who_asks_for_what(tmp_path: Path, site: Site, rule: AddressRule | None) -> None:
    source(tmp_path, site.answer("/r.json?q=1"), address_rule=rule).fetch()
    ((path, headers),) = site.requests
    assert path == "/r.json?q=1"
    assert headers["User-Agent"] == f"regpress/{__version__}"
    assert headers["Accept"] == "application/json"
    assert {"Authorization", "Cookie"}.isdisjoint(headers)


@pytest.mark.parametrize("headers", [{}, {"Last_Modified": "yesterday"}, {"Last_Modified": "Thu, 99 Jan 2026"}])
def test_an_answer_without_usable_headers_is_known_by_its_digest(
    tmp_path: Path, site: Site, headers: dict[str, str]
) -> None:
    snapshot = source(tmp_path, site.answer("/r.json", **headers)).fetch()
    assert snapshot.files[0].modified == ""
    assert snapshot.revision.startswith("sha256:")


def test_one_etag_for_two_documents_does_not_make_them_one_revision(tmp_path: Path, site: Site) -> None:
    url = site.answer("/r.json", ETag='"same"')
    first = source(tmp_path, url).fetch().revision
    site.answer("/r.json", b"[]", ETag='"same"')
    assert source(tmp_path, url).fetch().revision != first


@pytest.mark.parametrize(
    ("status", "text"), [(404, "404 Not Found"), (401, "401 Unauthorized"), (204, "204 No Content"), (206, "206 ")]
)
def test_only_200_is_an_answer(tmp_path: Path, site: Site, status: int, text: str) -> None:
    url = site.answer("/r.json", status=status)
    assert failure(tmp_path, url).startswith(f"team: {url}: answers {text}")


@pytest.mark.parametrize(
    ("body", "text"), [(b"<!DOCTYPE html>", "begins with '<!DOCTYPE html>'"), (b"", "is empty"), (b"  ", "is empty")]
)
def test_an_answer_that_is_no_json_is_malformed(tmp_path: Path, site: Site, body: bytes, text: str) -> None:
    with pytest.raises(SourceMalformedError) as caught:
        source(tmp_path, site.answer("/r.json", body)).fetch()
    assert str(caught.value) == f"team: {site.base}/r.json: the answer {text} (expected a JSON document)"


def test_an_encoding_that_was_not_asked_for_is_refused(tmp_path: Path, site: Site) -> None:
    assert "in the encoding 'gzip'" in failure(tmp_path, site.answer("/r.json", Content_Encoding="gzip"))


# Limits


def test_too_many_bytes_are_refused_whether_announced_or_not(tmp_path: Path, site: Site) -> None:
    announced = site.answer("/announced", b"[" + b" " * 5000)

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"[" * 65536)

    site.answers["/endless"] = endless
    for url in (announced, f"{site.base}/endless"):
        assert "answers with too many bytes" in failure(tmp_path, url, limit=4096)


def test_an_answer_that_breaks_off_is_refused(tmp_path: Path, site: Site) -> None:
    url = site.answer("/r.json", b"[1, 2", Content_Length="100")
    assert "broke off after 5 of 100 bytes" in failure(tmp_path, url)


def test_a_server_that_is_silent_or_slow_runs_into_the_timeout(tmp_path: Path, site: Site) -> None:
    done = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not done.wait(0.02):
            handler.wfile.write(b" ")

    site.answers["/silent"] = lambda _: bool(done.wait(10)) and None
    site.answers["/drip"] = drip
    try:
        assert "did not answer within 0.2 s" in failure(tmp_path, f"{site.base}/silent", timeout=0.2)
        assert "did not finish its answer in time" in failure(tmp_path, f"{site.base}/drip", timeout=0.2)
    finally:
        done.set()


# Redirects and addresses


def test_redirects_are_followed_up_to_five_times(tmp_path: Path, site: Site, rule: AddressRule | None) -> None:
    site.answer("/0")
    for number in range(1, 7):
        site.redirect(f"/{number}", f"{site.base}/{number - 1}", status=(301, 302, 303, 307, 308)[number % 5])
    assert source(tmp_path, f"{site.base}/5", address_rule=rule).fetch().files[0].data == BODY
    site.requests.clear()
    assert "redirects more than 5 times" in failure(tmp_path, f"{site.base}/6", address_rule=rule)
    assert len(site.requests) == 6


def test_a_loop_of_redirects_ends(tmp_path: Path, site: Site) -> None:
    site.redirect("/a", f"{site.base}/b")
    site.redirect("/b", f"{site.base}/a")
    assert "redirect" in failure(tmp_path, f"{site.base}/a")
    assert len(site.requests) == 6


def test_the_body_of_a_redirect_is_not_read(tmp_path: Path, site: Site) -> None:
    target = site.answer("/r.json")

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    site.answers["/moved"] = endless
    assert source(tmp_path, f"{site.base}/moved").fetch().files[0].data == BODY


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://user:secret@127.0.0.1/x"])
def test_a_redirect_to_anything_but_a_plain_web_address_is_refused(tmp_path: Path, site: Site, target: str) -> None:
    text = failure(tmp_path, site.redirect("/r.json", target))
    assert "edirect" in text
    assert "secret" not in text
    assert len(site.requests) == 1


def test_a_redirect_to_a_forbidden_address_is_refused_before_anything_is_sent(tmp_path: Path, site: Site) -> None:
    judged: list[str] = []

    def only_the_first(address: str) -> str | None:
        judged.append(address)
        return None if len(judged) == 1 else f"{address} is a forbidden address"

    site.answer("/secret")
    text = failure(tmp_path, site.redirect("/r.json", f"{site.base}/secret"), address_rule=only_the_first)
    assert "127.0.0.1 is not asked because 127.0.0.1 is a forbidden address" in text
    assert [path for path, _ in site.requests] == ["/r.json"]


def test_a_private_address_is_refused_with_the_setting_that_allows_it(tmp_path: Path, site: Site) -> None:
    text = failure(tmp_path, site.answer("/r.json"), address_rule=public_only)
    assert text == (
        f"team: {site.base}/r.json: 127.0.0.1 is not asked because 127.0.0.1 is a loopback address "
        "(expected a public address, or site.trust.allowPrivateAddresses)"
    )
    assert site.requests == []


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_other_spellings_of_loopback_are_judged_by_the_address_they_lead_to(
    tmp_path: Path, site: Site, host: str
) -> None:
    url = site.answer("/r.json").replace("127.0.0.1", host)
    assert "is not asked because" in failure(tmp_path, url, address_rule=public_only)
    assert site.requests == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert (public_only(address) or "").startswith(f"{address} is a ")


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_addresses_that_are_public(address: str) -> None:
    assert public_only(address) is None


def test_the_proxies_of_the_environment_are_not_used_where_addresses_are_judged(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(proxy := Site()) as base:
        monkeypatch.setenv("http_proxy", base)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        url = site.answer("/r.json")
        source(tmp_path, url, address_rule=only("127.0.0.1")).fetch()
        assert proxy.requests == []
        proxy.answer(url, b"[]")
        assert source(tmp_path, url).fetch().files[0].data == b"[]"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://example.com/r.json", "is not an http or https address"),
        ("file:///etc/passwd", "is not an http or https address"),
        ("http:///r.json", "is not an http or https address"),
        ("http://[::1/r.json", "is not an http or https address"),
        ("http://user:secret@example.com/r.json", "the address holds credentials"),
    ],
)
def test_what_is_no_plain_web_address_is_refused(tmp_path: Path, url: str, text: str) -> None:
    said = failure(tmp_path, url)
    assert text in said
    assert "secret" not in said


def test_messages_do_not_repeat_what_may_be_a_secret() -> None:
    assert shown_url("https://user:pw@example.com/r.json?token=abc#x") == "https://example.com/r.json?…"


# The copy


def closed_port() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_the_last_good_copy_stands_in_for_an_address_that_cannot_be_reached(tmp_path: Path) -> None:
    with serve(site := Site()) as base:
        site.base = base
        url = site.answer("/r.json", ETag='"abc"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")
        online = source(tmp_path, url).fetch()
    offline = source(tmp_path, url).fetch()
    assert (offline.files, offline.revision) == (online.files, online.revision)
    (issue,) = offline.issues
    assert (issue.severity, issue.reference, issue.source, issue.file) == ("warning", "source-offline", "team", url)
    assert "cannot be reached (Connection refused); the last good copy is used" in issue.message


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_copy_also_stands_in_while_a_server_is_out_of_order(tmp_path: Path, site: Site, status: int) -> None:
    url = site.answer("/r.json")
    source(tmp_path, url).fetch()
    site.answer("/r.json", status=status)
    snapshot = source(tmp_path, url).fetch()
    assert snapshot.files[0].data == BODY
    assert [issue.reference for issue in snapshot.issues] == ["source-offline"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_document_that_was_withdrawn_does_not_come_back_from_the_copy(
    tmp_path: Path, site: Site, status: int
) -> None:
    url = site.answer("/r.json")
    source(tmp_path, url).fetch()
    site.answer("/r.json", status=status)
    assert f"answers {status}" in failure(tmp_path, url)


def test_a_forbidden_address_is_not_answered_from_the_copy(tmp_path: Path, site: Site) -> None:
    url = site.answer("/r.json")
    source(tmp_path, url).fetch()
    assert "loopback" in failure(tmp_path, url, address_rule=public_only)


def test_an_answer_that_is_no_json_leaves_the_copy_as_it_was(tmp_path: Path, site: Site) -> None:
    url = site.answer("/r.json")
    source(tmp_path, url).fetch()
    site.answer("/r.json", b"<html>log in</html>")
    with pytest.raises(SourceMalformedError):
        source(tmp_path, url).fetch()
    site.answer("/r.json", status=503)
    assert source(tmp_path, url).fetch().files[0].data == BODY


def test_without_a_copy_an_address_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    url = f"{closed_port()}/r.json"
    assert failure(tmp_path, url) == f"team: {url}: cannot be reached (Connection refused)"


@pytest.mark.parametrize("damage", [b"", b"{}\n[]", b"[", b'{"url": 1}'])
def test_a_damaged_copy_is_no_copy(tmp_path: Path, site: Site, damage: bytes) -> None:
    url = site.answer("/r.json")
    source(tmp_path, url).fetch()
    (kept,) = (tmp_path / "cache/urls").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage or whole[:-1])
    assert UrlCopy(tmp_path / "cache", url).load() is None


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path: Path, site: Site) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    snapshot = source(tmp_path, site.answer("/r.json")).fetch()
    assert snapshot.files[0].data == BODY
    assert [(issue.severity, issue.reference) for issue in snapshot.issues] == [("warning", "source-cache")]


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("makes its certificate with the openssl program, which is not installed")
    file = tmp_path / "server.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", file, "-out", tmp_path / "c.pem"]
    subprocess.run(["openssl", "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)
    (tmp_path / "both.pem").write_bytes(file.read_bytes() + (tmp_path / "c.pem").read_bytes())
    return tmp_path / "both.pem"


def test_https_is_read_only_where_the_certificate_is_trusted(
    tmp_path: Path, certificate: Path, rule: AddressRule | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serve(site := Site(), context) as base:
        site.base = base
        url = site.answer("/r.json")
        assert "its certificate is not trusted (self-signed certificate)" in failure(tmp_path, url, address_rule=rule)
        assert site.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))
        assert source(tmp_path, url, address_rule=rule).fetch().files[0].data == BODY
