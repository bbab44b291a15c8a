"""Packages that must name the server that is published with them, against registries on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from app_server import AppServer, Reply, encoded, serving_app
from app_site import document, own_site
from builders import skill
from identity_servers import web_server
from sites import run

NAME = "com.example/owned"
LABEL = "io.modelcontextprotocol.server.name"
HASH = "a" * 64
BUNDLE = "https://github.com/acme/tides-mcp/releases/download/v1/tides.mcpb"


class Registries:
    """Answers by path; a path without one is 404.

    Attributes:
        answers: status and body by path.
        asked: paths and credentials, in the order of requests.
    """

    def __init__(self) -> None:
        self.base = ""
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str]] = []

    def respond(self, path: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        self.asked.append((path, headers.get("authorization", "")))
        status, body = self.answers.get(path, (404, {}))
        if path.startswith("/v2/") and headers.get("authorization") != "Bearer anonymous":
            realm = f'Bearer realm="{self.base}/token",service="images",scope="repository:acme/tides:pull"'
            return (429, {}) if status == 429 else (401, realm.encode())
        return status, body

    def image(self, labels: Any) -> None:
        """Serve an image for several machines."""
        self.answers |= {
            "/token?service=images&scope=repository%3Aacme%2Ftides%3Apull": (200, {"token": "anonymous"}),
            "/v2/acme/tides/manifests/1.0.0": (
                200,
                {
                    "manifests": [
                        {"digest": "sha256:arm", "platform": {"os": "linux", "architecture": "arm64"}},
                        {"digest": "sha256:amd", "platform": {"os": "linux", "architecture": "amd64"}},
                    ]
                },
            ),
            "/v2/acme/tides/manifests/sha256:amd": (200, {"config": {"digest": "sha256:config"}}),
            "/v2/acme/tides/blobs/sha256:config": (307, f"{self.base}/elsewhere".encode()),
            "/elsewhere": (200, {"config": {"Labels": labels}}),
        }


@pytest.fixture(scope="module")
def registries() -> Iterator[Registries]:
    found = Registries()
    with web_server(found.respond) as port:
        found.base = f"http://127.0.0.1:{port}"
        yield found


@pytest.fixture(scope="module")
def running(registries: Registries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    options = ["--verify-packages"]
    for kind, path in (("npm", ""), ("pypi", ""), ("nuget", "/index.json"), ("cargo", ""), ("oci", ""), ("mcpb", "")):
        options += ["--package-base", f"{kind}={registries.base}{path}"]
    with serving_app(own_site(tmp_path_factory.mktemp("owned")), *options, anonymous=True) as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(registries: Registries) -> None:
    registries.answers.clear()
    registries.asked.clear()


SERIAL = iter(range(1, 1000))


def publish(running: AppServer, kind: str, identifier: str, **members: Any) -> Reply:
    """Publish a further version with one package."""
    versions = {} if kind in {"oci", "mcpb"} else {"version": "1.0.0"}
    package = {"registryType": kind, "identifier": identifier, "transport": {"type": "stdio"}, **versions, **members}
    return running.publish(document(NAME, f"{next(SERIAL)}.0.0", packages=[package]))


def reason(answer: Reply, identifier: str) -> str:
    assert (answer.status, answer.json["detail"]) == (400, "Failed to publish server")
    start = f"registry validation failed for package 0 ({identifier}): "
    assert answer.reason.startswith(start)
    return answer.reason.removeprefix(start)


def test_an_npm_package_names_its_server(running: AppServer, registries: Registries) -> None:
    assert "was not found" in reason(publish(running, "npm", "@acme/tides"), "@acme/tides")
    for value, told in (
        ({}, "has no mcpName"),
        ({"mcpName": f"{NAME}-2"}, "has another mcpName"),
        ([], "no JSON object"),
    ):
        registries.answers["/%40acme%2Ftides/1.0.0"] = (200, value)
        assert told in reason(publish(running, "npm", "@acme/tides"), "@acme/tides")
    registries.answers["/%40acme%2Ftides/1.0.0"] = (200, {"mcpName": NAME})
    assert publish(running, "npm", "@acme/tides").status == 200
    assert {authorization for _, authorization in registries.asked} == {""}


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (f"# Tides\n<!-- mcp-name: {NAME} -->", True),
        (f"This is mcp-name: {NAME}.", True),
        (f"mcp-name: {NAME}", True),
        (f"mcp-name: {NAME}-2", False),
        (f"mcp-name: {NAME}.more", False),
        (f"mcp-name: {NAME.upper()}", False),
        ("", False),
    ],
)
def test_a_pypi_package_names_its_server_as_a_whole(
    text: str, is_named: bool, running: AppServer, registries: Registries
) -> None:
    registries.answers["/pypi/tides/1.0.0/json"] = (200, {"info": {"description": text}})
    answer = publish(running, "pypi", "tides")
    if is_named:
        assert answer.status == 200, answer.body
    else:
        assert reason(answer, "tides") == f"the README does not contain 'mcp-name: {NAME}'"


def test_a_nuget_package_names_its_server(running: AppServer, registries: Registries) -> None:
    resources = [
        {"@type": "ReadmeUriTemplate/6.13.0", "@id": f"{registries.base}/flat/{{lower_id}}/{{lower_version}}/readme"},
        {"@type": "PackageBaseAddress/3.0.0", "@id": f"{registries.base}/flat/"},
    ]
    registries.answers["/index.json"] = (200, {"resources": resources})
    assert "was not found" in reason(publish(running, "nuget", "Acme.Tides"), "Acme.Tides")
    registries.answers["/flat/acme.tides/index.json"] = (200, {"versions": ["0.9.0"]})
    assert "has no version 1.0.0" in reason(publish(running, "nuget", "Acme.Tides"), "Acme.Tides")
    registries.answers["/flat/acme.tides/index.json"] = (200, {"versions": ["1.0.0"]})
    assert "has no README" in reason(publish(running, "nuget", "Acme.Tides"), "Acme.Tides")
    registries.answers["/flat/acme.tides/1.0.0/readme"] = (200, f"mcp-name: {NAME}".encode())
    assert publish(running, "nuget", "Acme.Tides", version="1.0.0+build").status == 200
    assert [path for path, _ in registries.asked].count("/index.json") == 1


def test_a_crate_names_its_server_where_people_see_it(running: AppServer, registries: Registries) -> None:
    path = "/api/v1/crates/tides/1.0.0/readme"
    registries.answers[path] = (200, f"<!-- mcp-name: {NAME} -->".encode())
    assert "does not contain" in reason(publish(running, "cargo", "tides"), "tides")
    registries.answers[path] = (200, f"<p>mcp-name: {NAME}</p>".encode())
    assert publish(running, "cargo", "tides").status == 200


def test_an_image_has_a_label_of_its_server_and_a_busy_registry_stops_nobody(
    running: AppServer, registries: Registries
) -> None:
    identifier = "ghcr.io/acme/tides:1.0.0"
    registries.image({})
    assert "has no label" in reason(publish(running, "oci", identifier), identifier)
    registries.image({LABEL: "com.example/other"})
    assert "has another label" in reason(publish(running, "oci", identifier), identifier)
    registries.image({LABEL: NAME})
    assert publish(running, "oci", identifier).status == 200
    # The token belongs to the registry, not to where it sends readers of blobs.
    assert registries.asked[-1][0] == "/elsewhere"
    registries.answers.pop("/v2/acme/tides/manifests/1.0.0")
    assert "was not found" in reason(publish(running, "oci", identifier), identifier)
    registries.answers["/v2/acme/tides/manifests/1.0.0"] = (403, {})
    assert "is not public" in reason(publish(running, "oci", identifier), identifier)
    registries.answers["/v2/acme/tides/manifests/1.0.0"] = (429, {})
    assert publish(running, "oci", identifier).status == 200


def test_a_bundle_is_there(running: AppServer, registries: Registries) -> None:
    path = urlsplit(BUNDLE).path
    assert "was answered with 404" in reason(publish(running, "mcpb", BUNDLE, fileSha256=HASH), BUNDLE)
    registries.answers |= {path: (302, f"{registries.base}/file".encode()), "/file": (200, b"")}
    assert publish(running, "mcpb", BUNDLE, fileSha256=HASH).status == 200
    registries.answers["/file"] = (302, f"{registries.base}/file".encode())
    assert "redirected too often" in reason(publish(running, "mcpb", BUNDLE, fileSha256=HASH), BUNDLE)
    registries.answers["/file"] = (302, b"http://127.0.0.2/file")
    assert "not https" in reason(publish(running, "mcpb", BUNDLE, fileSha256=HASH), BUNDLE)
    registries.answers["/file"] = (302, b"https://127.0.0.2/file")
    assert "loopback address" in reason(publish(running, "mcpb", BUNDLE, fileSha256=HASH), BUNDLE)


def test_an_edit_is_held_to_the_same_and_too_much_is_not_read(running: AppServer, registries: Registries) -> None:
    registries.answers["/tides/1.0.0"] = (200, {"mcpName": NAME})
    answer = publish(running, "npm", "tides")
    value = answer.json["server"]
    path = f"/v0.1/servers/{encoded(NAME)}/versions/{value['version']}"
    assert running.ask("PUT", path, value).status == 200
    registries.answers["/tides/1.0.0"] = (200, {"mcpName": NAME, "padding": "x" * (8 << 20)})
    refused = running.ask("PUT", path, value)
    assert (refused.status, refused.json["detail"]) == (400, "Failed to edit server")
    assert "more than" in refused.reason


def test_the_admin_api_holds_servers_to_the_same_and_says_so_in_its_own_form(
    running: AppServer, registries: Registries
) -> None:
    package = {"registryType": "npm", "identifier": "moored", "version": "1.0.0", "transport": {"type": "stdio"}}
    unsound = document("com.example/moored", packages=[package], version="latest")
    assert running.ask("POST", "/v1/entries", {"server": unsound}).status == 400
    assert registries.asked == [], "what is unsound is refused before anybody is asked"
    sound = {"server": document("com.example/moored", packages=[package])}
    refused = running.ask("POST", "/v1/entries", sound)
    start = "registry validation failed for package 0 (moored): "
    assert refused.status == 400
    assert refused.json["error"].startswith(f"invalid server: {start}")
    assert "was not found" in refused.reason
    assert running.get("/v0.1/servers/com.example%2Fmoored/versions/1.0.0").status == 404
    registries.answers["/moored/1.0.0"] = (200, {"mcpName": "com.example/moored"})
    assert running.ask("POST", "/v1/entries", sound).status == 201
    asked = len(registries.asked)
    assert running.ask("POST", "/v1/entries", {"skill": skill("com.example/moored")}).status == 201
    assert len(registries.asked) == asked


def test_without_the_option_nobody_is_asked_and_its_values_are_checked(
    registries: Registries, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = own_site(tmp_path_factory.mktemp("open"))
    with serving_app(site, "--package-base", f"npm={registries.base}", anonymous=True) as server:
        assert publish(server, "npm", "tides").status == 200
    assert registries.asked == []
    refused = run("serve", site, "--package-base", "gem=http://127.0.0.1")
    assert refused.code == 2
    assert "a type of npm, pypi" in refused.err
