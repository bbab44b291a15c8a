"""Our schemas accept what the published ones accept: over real entries and over documents changed step by step."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from regpress.model.entry import OFFICIAL_META, PUBLISHER_META
from regpress.validate import schema

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "../shared/schemas"
DATA = ROOT / "../shared/data"
EXAMPLES = ROOT / "tests/examples/valid"

needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published schemas are not here to compare with"
)
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the sets of real entries are not here")

#: Those of documents that we read; those of our own have nothing to be compared with.
NAMES = tuple(
    name for name in schema.schema_names() if name != "server-list.schema.json" and not name.startswith("regpress-")
)
SERVER_NAMES = tuple(name for name in NAMES if name.startswith("server-"))
#: Snake-case names of the first server schema.
SNAKE_CASE = {
    "websiteUrl": "website_url",
    "registryType": "registry_type",
    "registryBaseUrl": "registry_base_url",
    "fileSha256": "file_sha256",
    "runtimeHint": "runtime_hint",
    "runtimeArguments": "runtime_arguments",
    "packageArguments": "package_arguments",
    "environmentVariables": "environment_variables",
    "isRequired": "is_required",
    "isSecret": "is_secret",
    "isRepeated": "is_repeated",
    "valueHint": "value_hint",
}
#: The words of the schemas, and texts on both sides of each pattern and format.
WORDS = """
    named positional stdio sse streamable-http http latest Latest active Active deprecated Deprecated deleted archived
    oci git npm string number boolean filepath image/png image/jpeg image/jpg image/webp image/gif light dark any 12x7
    x12 Official Community a/b a/b/c a_b/c_d /ab A.b-c/D_e.f a- -a a_b Ab é 1.2.3 1.2 ٣x٣ 9lives _x / /a /a/ /a//b a//b
    https://example.com https://{v}.example.com/mcp {v}/mcp {1}/mcp ftp://x mailto:a@b //x/y https:// HTTPS://X
    https://x/%zz example.com .example.com a..b [::1] 2026-05-01T06:00:00Z 2026-05-01T06:00:00 2026-02-30T06:00:00Z
    2026-05-01 2026-05-01T06:00:00.5+02:00 123e4567-e89b-12d3-a456-426614174000 123e4567e89b12d3a456426614174000
""".split()  # noqa: SIM905 - one word a line would hide the rest of the file
#: What takes the place of each member in turn: every type, the words, odd spaces, and lengths next to each limit.
REPLACEMENTS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 65535, 65536, 1.0, 1.5, 10**30, [], {}, [1], ["a", "a"], [[]], {"a": 1}),
    *WORDS,
    *("", " ", "x", "ab", "ab\n", "a\u00a0b", "http://x y", "https://x/\u00a0", "https://x/\ufeff", "/\x00"),
    *("0" * 64, "0" * 63, "G" * 64),
    *("y" * length for length in (63, 64, 65, 99, 100, 101, 128, 129, 255, 256, 257, 500, 501, 1024, 1025)),
    *("a/" + "b" * length for length in (198, 199)),
    *("https://x/" + "z" * length for length in (245, 246)),
)

Place = tuple[str | int, ...]


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def load_published(path: Path) -> Any:
    # One pattern excludes NUL as ``\0``, which is Go's spelling and not everybody's.
    return json.loads(path.read_text().replace("[^/\\\\0]", "[^/\\\\x00]"))


def load_ours(address: str) -> Any:
    return json.loads(schema.schema_bytes(address.rpartition("/")[2]))


@cache
def ours_of(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(load_ours(name), validate_formats=True, retriever=load_ours)


@cache
def published_of(name: str) -> jsonschema_rs.Validator:
    everything = {document["$id"]: document for document in map(load_published, PUBLISHED.glob("*.schema.json"))}
    return jsonschema_rs.validator_for(
        load_published(PUBLISHED / name), validate_formats=True, retriever=lambda address: everything[address]
    )


# Documents to begin with


def snake_case(value: Any) -> Any:
    if isinstance(value, list):
        return [snake_case(item) for item in value]
    if isinstance(value, dict):
        return {SNAKE_CASE.get(key, key): snake_case(item) for key, item in value.items()}
    return value


def full_server() -> dict[str, Any]:
    server = load(EXAMPLES / "schema-every-member.json")
    for package in server["packages"]:
        package.setdefault("version", "1.0.0")  # demanded until 2025-10-11
    server["remotes"][1]["variables"] = {"area": {"format": "string"}}
    return server


def full_block() -> dict[str, Any]:
    block = full_server()["_meta"][PUBLISHER_META]
    extension = next(iter(block["io.github.stacklok"].values()))
    extension |= {
        "overview": "# Tides",
        "tool_definitions": [{"name": "next_tide", "description": "x", "inputSchema": {}, "annotations": {}, "x": 1}],
        "custom_metadata": {"x": 1},
        "args": ["serve"],
        "docker_tags": ["2.4"],
        "proxy_port": 8080,
        "stateless": True,
        "provenance": {
            "sigstore_url": "tuf-repo-cdn.sigstore.dev",
            "repository_uri": "https://github.com/example/tides",
            "repository_ref": "refs/heads/main",
            "signer_identity": "/.github/workflows/x.yml",
            "runner_environment": "github-hosted",
            "cert_issuer": "https://token.actions.githubusercontent.com",
            "attestation": {"predicate_type": "https://slsa.dev/provenance/v1", "predicate": 5},
        },
        "oauth_config": {
            "issuer": "https://login.example.org",
            "authorize_url": "https://login.example.org/a",
            "token_url": "https://login.example.org/t",
            "client_id": "x",
            "scopes": ["read"],
            "use_pkce": True,
            "oauth_params": {"prompt": "none"},
            "callback_port": 8081,
            "resource": "x",
        },
        "env_vars": [{"name": "KEY", "description": "x", "required": True, "secret": True, "default": "x"}],
    }
    extension["metadata"]["kubernetes"] = {
        "kind": "MCPServer",
        "namespace": "tides",
        "name": "tides-1",
        "uid": "123e4567-e89b-12d3-a456-426614174000",
        "image": "x",
        "transport": "http",
    }
    extension["permissions"] |= {"name": "none", "read": ["/data"], "write": ["/tmp/x"], "privileged": False}
    extension["permissions"]["network"]["outbound"]["insecure_allow_all"] = False
    return block


@cache
def valid_document(name: str) -> Any:
    """Return a valid document that has every member that the schema knows."""
    skill = load(EXAMPLES / "schema-skill-every-member.json")
    if name == "server-2025-07-09.schema.json":
        return snake_case(valid_document("server-2025-09-16.schema.json"))
    if name == "server-2025-09-16.schema.json":
        server = full_server() | {"status": "active"}
        server["_meta"][OFFICIAL_META] = {"id": "x"}
        return server
    if name.startswith("server-"):
        return full_server()
    if name == "publisher-provided.schema.json":
        return full_block()
    if name == "upstream-registry.schema.json":
        return {
            "$schema": "https://example.org/upstream-registry.schema.json",
            "version": "1.0.0",
            "meta": {"last_updated": "2026-05-01T06:00:00Z"},
            "data": {
                "servers": [load(EXAMPLES / "schema-smallest.json")],
                "skills": [skill],
                "plugins": [load(EXAMPLES / "schema-plugin-smallest.json")],
            },
        }
    return skill


# Changes


def places_in(value: Any, at: Place = ()) -> Iterator[Place]:
    yield at
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places_in(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places_in(item, (*at, index))


def changed(value: Any, at: Place, change: Callable[[Any], Any]) -> Any:
    """Return *value* with the part at a place replaced by what *change* makes of it; the rest is shared."""
    if not at:
        return change(value)
    copied = value.copy()
    copied[at[0]] = changed(value[at[0]], at[1:], change)
    return copied


def without(value: Any, at: Place) -> Any:
    def drop(container: Any) -> Any:
        copied = container.copy()
        del copied[at[-1]]
        return copied

    return changed(value, at[:-1], drop)


def single_changes(value: Any) -> Iterator[Any]:
    """Yield *value* with each part in turn removed, replaced by each replacement, or given something more."""
    yield value
    for at in places_in(value):
        if at:
            yield without(value, at)
        for replacement in REPLACEMENTS:
            yield changed(value, at, lambda _, new=replacement: new)
        part = value
        for step in at:
            part = part[step]
        if isinstance(part, dict):
            yield changed(value, at, lambda old: old | {"unknown": 1})
            yield changed(value, at, lambda _: {})
            for key in part:
                yield changed(value, at, lambda old, key=key: {key: old[key]})
        elif isinstance(part, list):
            yield changed(value, at, lambda old: [*old, *old])
            yield changed(value, at, lambda old: [*old, None])
        elif isinstance(part, str):
            yield changed(value, at, str.upper)
            yield changed(value, at, lambda old: old[:-1])
            yield changed(value, at, lambda old: f"{old}\n")


def random_changes(value: Any, seed: int, count: int) -> Iterator[Any]:
    """Yield *value* with two to five changes at once, the same ones for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        result = value
        for _ in range(chance.randint(2, 5)):
            places = list(places_in(result))[1:]
            if not places:
                break
            at = chance.choice(places)
            if chance.random() < 0.4:
                result = without(result, at)
            else:
                new = chance.choice(REPLACEMENTS)
                result = changed(result, at, lambda _, new=new: new)
        yield result


def cases(name: str) -> Iterator[Any]:
    yield from single_changes(valid_document(name))
    yield from random_changes(valid_document(name), seed=len(name), count=1500)


@needs_published
@pytest.mark.parametrize("name", NAMES)
def test_ours_accepts_exactly_what_the_published_schema_accepts(name: str) -> None:
    ours, published = ours_of(name), published_of(name)
    counted = {True: 0, False: 0}

    for case in cases(name):
        verdict = published.is_valid(case)
        assert ours.is_valid(case) is verdict, case
        counted[verdict] += 1

    # Cases that all pass, or all fail, would prove nothing.
    assert min(counted.values()) > 300
    assert published.is_valid(valid_document(name))


@needs_published
@pytest.mark.parametrize("name", [name for name in NAMES if name != "upstream-registry.schema.json"])
def test_both_schemas_agree_in_the_pure_python_validator_too(name: str) -> None:
    document = json.loads(schema.schema_bytes(name))
    implementation = jsonschema.validators.validator_for(document)
    ours = implementation(document, format_checker=implementation.FORMAT_CHECKER)
    published = implementation(load(PUBLISHED / name), format_checker=implementation.FORMAT_CHECKER)
    # Python takes \d and \w for digits and letters of all scripts, unlike JSON Schema; ours has ASCII ranges instead.
    plain = [case for case in cases(name) if json.dumps(case, ensure_ascii=False).isascii()]
    chosen = random.Random(name).sample(plain, 100)

    verdicts = [published.is_valid(case) for case in chosen]

    assert [ours.is_valid(case) for case in chosen] == verdicts
    assert {True, False} == set(verdicts)


def real_entries(kind: str) -> list[Any]:
    found = [
        entry
        for file in sorted(DATA.glob("upstream-registry-*.json"))
        for entry in load(file)["data"].get(f"{kind}s", [])
    ]
    if kind == "server":
        found += [entry["server"] for entry in load(DATA / "server-list-real.json")["servers"]]
    return found


@needs_published
@needs_data
@pytest.mark.parametrize("name", [*SERVER_NAMES, "skill.schema.json", "plugin.schema.json"])
def test_ours_and_the_published_schema_agree_on_real_entries(name: str) -> None:
    ours, published = ours_of(name), published_of(name)
    # There are no real plugins; skills have nearly their form.
    entries = real_entries("server" if name in SERVER_NAMES else "skill")

    assert len(entries) > 900
    for entry in entries:
        assert ours.is_valid(entry) is published.is_valid(entry), entry


@needs_published
@needs_data
def test_ours_and_the_published_schema_agree_on_real_publisher_metadata() -> None:
    name = "publisher-provided.schema.json"
    ours, published = ours_of(name), published_of(name)
    blocks = [
        entry["_meta"][PUBLISHER_META] for entry in real_entries("server") if PUBLISHER_META in entry.get("_meta", {})
    ]

    verdicts = [published.is_valid(block) for block in blocks]

    assert [ours.is_valid(block) for block in blocks] == verdicts
    assert {True, False} == set(verdicts)


@needs_data
def test_real_entries_have_no_errors_but_empty_repositories() -> None:
    issues = [
        (issue, entry)
        for entry in real_entries("server")
        for issue in (*schema.schema_issues("server", entry), *schema.publisher_issues(entry))
        if issue.severity == "error"
    ]

    assert {(issue.path, issue.reference) for issue, _ in issues} == {("repository", "schema:required")}
    assert all(schema.is_harmless(issue, entry) for issue, entry in issues)
    assert [issue for skill in real_entries("skill") for issue in schema.schema_issues("skill", skill)] == []


@needs_data
def test_real_files_have_sound_frames() -> None:
    files = sorted(DATA.glob("upstream-registry-*.json"))

    assert len(files) > 3
    assert [schema.registry_file_issues(load(file)) for file in files] == [()] * len(files)
    assert schema.server_list_issues(load(DATA / "server-list-real.json")) == ()


@needs_data
def test_the_list_schema_accepts_the_official_list_apart_from_empty_repositories() -> None:
    document = load(DATA / "server-list-real.json")
    document["servers"] = [entry for entry in document["servers"] if entry["server"].get("repository") != {}]

    assert len(document["servers"]) > 1500
    assert ours_of("server-list.schema.json").is_valid(document)
