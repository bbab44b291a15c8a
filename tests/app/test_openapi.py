"""The description of the routes against the routes, and our answers against the official description."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from jsonschema import Draft202012Validator

from app_server import AppServer, serving_app
from app_site import document, own_site
from sites import environment
from varied import VERSIONS

OFFICIAL = Path(__file__).parents[3] / "shared/schemas/official-openapi.yaml"
#: Values of path parameters by which something is found.
FOUND = {"registryName": "default", "serverName": VERSIONS, "version": "latest"}
UNLIMITED = ("--write-rate", "0", "--login-rate", "0", "--no-access-log")
COLLECTIONS = {"skills": ("com.example", "review"), "plugins": ("com.example", "bundle")}


def validator(description: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": description["components"]})


def filled(path: str) -> str:
    values = dict(FOUND)
    for plural, (namespace, name) in COLLECTIONS.items():
        if f"/{plural}" in path:
            values |= {"namespace": namespace, "name": name}
    return re.sub(r"\{(\w+)\}", lambda found: quote(values[found[1]], safe=""), path)


def test_every_route_that_is_described_is_there_and_answers_as_described(reading: AppServer) -> None:
    description = reading.get("/openapi.json").json
    assert description["openapi"].startswith("3.1")
    reads = 0
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            answer = reading.ask(method.upper(), filled(path))
            assert "Endpoint not found" not in answer.body.decode(), (method, path)
            assert str(answer.status) in operation["responses"], (method, path, answer.status)
            if method != "get":
                continue
            assert answer.status == 200, path
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            name = schema["$ref"].rpartition("/")[2]
            assert list(validator(description, name).iter_errors(answer.json)) == [], path
            reads += 1
    assert reads > 30


def test_what_is_wrong_is_answered_as_described(reading: AppServer) -> None:
    description = reading.get("/openapi.json").json
    for path in ("/v0.1/servers?limit=x", "/v0.1/servers/a%2Fb/versions", "/registry/default/v0.1/servers?limit=x"):
        answer = reading.get(path)
        assert answer.status >= 400
        assert list(validator(description, "Problem").iter_errors(answer.json)) == []


def test_requests_made_from_the_description_are_answered_as_described(tmp_path: Path) -> None:
    checks = (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
    with serving_app(own_site(tmp_path / "site"), *UNLIMITED, anonymous=True) as running:
        assert running.publish(document("com.example/tool")).status == 200
        command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
        command += [f"{running.base}/openapi.json", "--checks", ",".join(checks), "--phases", "coverage,fuzzing"]
        command += ["--max-examples", "3", "--seed", "1", "--generation-database", "none", "--warnings", "off"]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) generated, \1 passed", done.stdout)
    assert passed is not None, done.stdout
    assert int(passed[1]) > 1000


@pytest.mark.skipif(not OFFICIAL.exists(), reason="the official description is not beside the project")
def test_our_answers_hold_for_the_official_description(reading: AppServer) -> None:
    description = yaml.safe_load(OFFICIAL.read_text(encoding="utf-8"))
    description = json.loads(json.dumps(description, default=str))
    for path, name in (
        ("/v0.1/servers?limit=100", "ServerList"),
        ("/v0.1/servers?limit=100&include_deleted=true", "ServerList"),
        (f"/v0.1/servers/{quote(VERSIONS, safe='')}/versions", "ServerList"),
        (f"/v0.1/servers/{quote(VERSIONS, safe='')}/versions/latest", "ServerResponse"),
    ):
        answer = without(reading.get(path).json, "statusChangedAt")
        assert list(validator(description, name).iter_errors(answer)) == [], path


def without(value: Any, *names: str) -> Any:
    """Return *value* without members that the published description forgets, though the service answers them."""
    if isinstance(value, dict):
        return {key: without(item, *names) for key, item in value.items() if key not in names}
    return [without(item, *names) for item in value] if isinstance(value, list) else value
