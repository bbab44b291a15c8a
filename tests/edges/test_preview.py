"""`regpress preview` over real trees and real connections."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from edges.small_site import documents, write_tree
from regpress.cli.preview import preview
from regpress.errors import ConfigError, NotFoundError
from regpress.hosts.table import PROFILES
from regpress.preview import built_for, open_preview, parse_base_path

LATEST = "/v0.1/servers/com.example%2Falpha/versions/latest"


@contextmanager
def previewing(folder, host="generic", **options):
    lines = []
    with open_preview(folder, host=host, port=0, log=lines.append, **options) as server:
        server.lines = lines
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server, target, *, method="GET", headers=None, body=None):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in {**(headers or {}), **({"Content-Length": str(len(body))} if body else {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("host", "kind"), [("generic", "application/json"), ("github-pages", "text/html; charset=utf-8")]
)
def test_every_document_is_served_byte_for_byte(tmp_path, host, kind):
    with previewing(write_tree(tmp_path, host), host) as server:
        for address, body in documents().items():
            status, headers, served = ask(server, f"/{address}?limit=1")
            assert (status, served, headers["content-type"]) == (200, body, kind), address
            assert headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("name", ["default", "main"])
def test_the_default_registry_is_also_found_below_its_own_name(tmp_path, name):
    folder = write_tree(tmp_path, "nginx")
    build = json.loads((folder / "build.json").read_bytes())
    (folder / "build.json").write_text(json.dumps({**build, "registry": name}))
    with previewing(folder, "nginx") as server:
        status, _, body = ask(server, f"/registry/{name}/v0.1/servers?search=x")
        assert (status, body) == (200, documents()["v0.1/servers"])
        assert ask(server, "/registry/another/v0.1/servers")[0] == 404


@pytest.mark.parametrize("host", PROFILES)
def test_a_miss_has_the_status_and_the_body_of_the_host(tmp_path, host):
    with previewing(write_tree(tmp_path, host), host) as server:
        status, headers, body = ask(server, "/v0.1/servers/com.example%2Fnone/versions/latest")
        assert status == 404
        if host in {"generic", "nginx", "apache", "caddy"} or body != b"<h1>Nothing here</h1>":
            assert json.loads(body)["status"] == 404
        if host == "github-pages":
            assert (headers["content-type"], body) == ("text/html; charset=utf-8", b"<h1>Nothing here</h1>")
        assert ask(server, "/nowhere")[::2] == (404, b"<h1>Nothing here</h1>")


def test_head_has_the_headers_of_get_and_no_body(tmp_path):
    with previewing(write_tree(tmp_path, "generic")) as server:
        _, headers, body = ask(server, LATEST)
        status, head_headers, head_body = ask(server, LATEST, method="HEAD")
        assert (status, head_body) == (200, b"")
        assert {**head_headers, "date": ""} == {**headers, "date": ""}
        assert head_headers["content-length"] == str(len(body))


def test_a_known_tag_is_answered_with_304_until_the_file_changes(tmp_path):
    with previewing(write_tree(tmp_path, "generic")) as server:
        tag = ask(server, "/v0.1/servers")[1]["etag"]
        for known in (tag, f'"other", W/{tag}'):
            status, headers, body = ask(server, "/v0.1/servers", headers={"If-None-Match": known})
            assert (status, body, headers["etag"]) == (304, b"", tag)
            assert headers["access-control-allow-origin"] == "*"
        (tmp_path / "v0.1/servers.json").write_bytes(b"{}")
        status, headers, body = ask(server, "/v0.1/servers", headers={"If-None-Match": tag})
        assert (status, body) == (200, b"{}")
        assert headers["etag"] != tag


def test_preflight_and_other_methods_answer_as_the_host(tmp_path):
    with previewing(write_tree(tmp_path, "generic")) as server:
        status, headers, body = ask(server, "/v0.1/servers", method="OPTIONS")
        assert (status, body, headers["access-control-allow-methods"]) == (204, b"", "GET, OPTIONS")
        assert ask(server, "/v0.1/servers", method="POST", body=b"GET / HTTP/1.1\r\n\r\n")[0] == 405
    with previewing(write_tree(tmp_path, "github-pages"), "github-pages") as server:
        assert ask(server, "/v0.1/servers", method="OPTIONS")[0] == 405


def test_a_request_hidden_in_the_body_of_another_is_not_answered(tmp_path):
    hidden = b"GET /build.json HTTP/1.1\r\nHost: x\r\n\r\n"
    outer = b"POST /v0.1/servers HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(hidden)
    with (
        previewing(write_tree(tmp_path, "generic")) as server,
        socket.create_connection(server.server_address[:2], timeout=10) as raw,
    ):
        raw.sendall(outer + hidden)
        raw.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b" 405 " in answer


def test_a_base_path_stands_before_every_address(tmp_path):
    with previewing(write_tree(tmp_path, "github-pages"), "github-pages", base_path="my-registry/") as server:
        assert ask(server, "/my-registry/v0.1/servers")[0] == 200
        status, headers, _ = ask(server, "/my-registry/about?x=1")
        assert (status, headers["location"]) == (301, "/my-registry/about/?x=1")
        assert ask(server, "/v0.1/servers")[0] == 404


@pytest.mark.parametrize("host", PROFILES)
@pytest.mark.parametrize(
    "target",
    [
        "/../secret.json",
        "/%2e%2e/secret.json",
        "/v0.1/..%2f..%2fsecret",
        "/v0.1/%2e%2e/%2e%2e/secret",
        "/v0.1/link",
        "/v0.1/linked/secret",
        "/linked/secret.json",
        "//{outside}/secret.json",
        "/%2f{outside}%2fsecret.json",
        "/..%5csecret.json",
        "/secret.json%00.html",
    ],
)
def test_nothing_outside_the_folder_is_served(tmp_path, host, target):
    outside = tmp_path / "outside"
    outside.mkdir()
    for place in (tmp_path, outside):
        (place / "secret.json").write_text("SECRET")
    folder = write_tree(tmp_path / "dist", host)
    for name in ("link.json", "link", "link.html"):
        (folder / "v0.1" / name).symlink_to(outside / "secret.json")
    for name in ("linked", "v0.1/linked"):
        (folder / name).symlink_to(outside)
    with previewing(folder, host) as server:
        status, _, body = ask(server, target.format(outside=outside))
    assert status in {400, 404}
    assert b"SECRET" not in body


def test_a_name_that_is_too_long_for_the_disk_is_a_plain_miss(tmp_path):
    with previewing(write_tree(tmp_path, "generic")) as server:
        assert ask(server, f"/{'a' * 5000}")[0] == 404


def test_requests_are_logged_one_line_each_without_control_characters(tmp_path):
    with previewing(write_tree(tmp_path, "generic")) as server:
        ask(server, LATEST)
        with socket.create_connection(server.server_address[:2], timeout=10) as raw:
            raw.sendall(b"GET /\x1b[31m HTTP/1.0\r\n\r\n")
            while raw.recv(65536):
                pass
    assert server.lines == [f"200 GET {LATEST}", "400 GET /?[31m"]


def test_a_port_in_use_is_named_with_a_way_out(tmp_path):
    with previewing(write_tree(tmp_path, "generic")) as server, pytest.raises(ConfigError) as caught:
        open_preview(tmp_path, host="generic", port=server.server_port)
    assert f"port {server.server_port} of 127.0.0.1 is in use" in str(caught.value)
    assert "--port 0" in str(caught.value)


@pytest.mark.parametrize("bind", ["0.0.0.0", "::"])
def test_other_machines_are_kept_out_unless_asked_for(tmp_path, bind):
    with pytest.raises(ConfigError, match=r"not a loopback address.*--public"):
        open_preview(tmp_path, host="generic", bind=bind, port=0)


def test_a_public_preview_listens_on_all_addresses(tmp_path):
    with open_preview(tmp_path, host="generic", bind="0.0.0.0", port=0, public=True) as server:
        assert server.server_address[0] == "0.0.0.0"


def test_localhost_is_a_loopback_address(tmp_path):
    with open_preview(tmp_path, host="generic", bind="localhost", port=0) as server:
        assert server.url.startswith("http://")


def test_what_cannot_be_served_is_refused_by_name(tmp_path):
    with pytest.raises(NotFoundError, match="none: is not a folder"):
        open_preview(tmp_path / "none", host="generic", port=0)
    with pytest.raises(ConfigError, match="did you mean 'github-pages'"):
        open_preview(tmp_path, host="github-page", port=0)
    with pytest.raises(ConfigError, match="is not an address of this machine"):
        open_preview(tmp_path, host="generic", bind="not a host", port=0)


@pytest.mark.parametrize(("text", "path"), [("", ""), ("/", ""), ("x", "/x"), ("/x/", "/x"), ("/a/b", "/a/b")])
def test_base_paths_are_read_with_or_without_slashes(text, path):
    assert parse_base_path(text) == path


@pytest.mark.parametrize("text", ["/../x", "/a//b", "/a?b", "/a\\b", "/a%2Fb", "/a\nb"])
def test_base_paths_that_are_no_plain_paths_are_refused(text):
    with pytest.raises(ConfigError, match="is not a path"):
        parse_base_path(text)


def test_the_tree_says_which_host_it_was_built_for(tmp_path):
    assert built_for(write_tree(tmp_path / "dist", "github-pages")) == "github-pages"
    assert built_for(tmp_path) is None
    for other in ("[]", '{"host": 3}', '{"host": "unheard-of"}', "{"):
        (tmp_path / "build.json").write_text(other)
        assert built_for(tmp_path) is None


def test_the_command_prints_the_address_and_serves_as_the_tree_was_built(tmp_path):
    folder = write_tree(tmp_path, "github-pages")
    command = [sys.executable, "-c", "from regpress.cli.preview import preview; preview()", "--out", str(folder)]
    with subprocess.Popen(
        [*command, "--port", "0", "--base-path", "/team"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            words = [process.stdout.readline().split() for _ in range(2)]
            assert [word[0] for word in words] == ["catalog", "API"]
            assert words[1][1].endswith("/team/v0.1/servers")
            host, _, port = words[1][1].removeprefix("http://").partition("/")[0].partition(":")
            connection = http.client.HTTPConnection(host, int(port), timeout=10)
            connection.request("GET", "/team/v0.1/servers")
            response = connection.getresponse()
            assert response.status == 200
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            assert json.loads(response.read())["metadata"]["count"] == 4
            connection.close()
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bind", "192.0.2.1"], "--public"),
        (["--host", "nginxx"], "host profile"),
        (["--base-path", "/.."], "base path"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(tmp_path, arguments, message):
    result = CliRunner().invoke(preview, ["--out", str(tmp_path), "--port", "0", *arguments])
    assert isinstance(result.exception, ConfigError)
    assert message in str(result.exception)
