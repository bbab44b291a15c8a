#!/usr/bin/env python3
"""A size and a seed to a registry file in the upstream format, shaped like the official registry.

    python benchmarks/generate.py --servers 10000 --skills 500 --seed 7 --out registry.json
    python benchmarks/generate.py --add-version-to io.github.acorn/atlas-mcp --out registry.json

The same arguments give the same bytes. Entries are written as they are made, one a line, so that memory stays small
and one version can be added to a file of any size. `regpress check` finds no errors in the result.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import IO, Any, Final, NamedTuple

import shapes
from shapes import hexadecimal, power_law, sentence, slug

REGISTRY_SCHEMA: Final = (
    "https://raw.githubusercontent.com/stacklok/toolhive-core/main/registry/types/data/upstream-registry.schema.json"
)
SERVER_SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/{}/server.schema.json"
PUBLISHER_META: Final = "io.modelcontextprotocol.registry/publisher-provided"
LAST_UPDATED: Final = "2026-08-22T12:00:00Z"
#: Most versions of one server; the longest history of the official registry is a little shorter.
MOST_VERSIONS: Final = 90
MOST_SKILL_VERSIONS: Final = 12
#: Stands for the number of a version where versions share the rest.
PLACEHOLDER: Final = "@VERSION@"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a registry holds.

    Attributes:
        servers: number of servers.
        versions_mean: versions per server on average.
        skills: number of skills, of two versions on average.
        large_share: share of servers with large publisher metadata.
        seed: another one gives another registry.
    """

    servers: int
    versions_mean: float = 3.0
    skills: int = 0
    large_share: float = 0.02
    seed: int = 0


class Counts(NamedTuple):
    """How many versions were written."""

    servers: int
    skills: int


def write_registry(stream: IO[bytes], size: Size) -> Counts:
    """Write a registry of that size."""
    random = Random(size.seed)
    head = {"$schema": REGISTRY_SCHEMA, "version": "1.0.0", "meta": {"last_updated": LAST_UPDATED}}
    stream.write(_dumps(head)[:-1] + b',"data":{"servers":[\n')
    servers = _write_lines(stream, _servers(random, size))
    stream.write(b'],"skills":[\n')
    skills = _write_lines(stream, _skills(random, size))
    stream.write(b"]}}\n")
    return Counts(servers, skills)


def _write_lines(stream: IO[bytes], documents: Iterator[Document]) -> int:
    count = 0
    for document in documents:
        if count:
            stream.write(b",\n")
        stream.write(_dumps(document))
        count += 1
    stream.write(b"\n")
    return count


def _dumps(value: Document) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


# Servers


def _servers(random: Random, size: Size) -> Iterator[Document]:
    names = _Names(random)
    counts = power_law(size.versions_mean, MOST_VERSIONS)
    for _ in range(size.servers):
        name = names.server()
        base = _server(random, name, large=random.random() < size.large_share)
        for number in version_numbers(random, counts.draw(random)):
            if random.random() < 0.05:
                base["description"] = sentence(random, shapes.DESCRIPTION_LENGTH.whole(random))
            yield at_version(base, number)


class _Names:
    """Names that differ by more than case; who published once publishes again."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()
        self._namespaces: list[str] = []

    def server(self) -> str:
        random = self._random
        namespace = self.namespace()
        length = shapes.NAME_LENGTH.whole(random) - len(namespace) - 1
        return f"{namespace}/{self._free(namespace, slug(random, length))}"

    def skill(self) -> tuple[str, str]:
        random = self._random
        namespace = self.namespace()
        return namespace, self._free(f"skill {namespace}", slug(random, shapes.SKILL_NAME.whole(random)))

    def namespace(self) -> str:
        random = self._random
        if self._namespaces and random.random() < 0.34:
            return random.choice(self._namespaces)
        owner = random.choice(shapes.OWNERS)
        if random.random() < 0.6:
            owner += random.choice(("", "-")) + random.choice(shapes.OWNERS)
        if random.random() < 0.35:
            owner += str(random.randrange(1000))
        if random.random() < 0.74:
            made = f"io.github.{owner.capitalize() if random.random() < 0.16 else owner}"
        else:
            made = f"{shapes.TOP_DOMAIN.draw(random)}.{owner}" + (".mcp" if random.random() < 0.15 else "")
        self._namespaces.append(made)
        return made

    def _free(self, namespace: str, name: str) -> str:
        made, count = name, 1
        while (key := f"{namespace}/{made}".casefold()) in self._taken:
            count += 1
            made = f"{name}-{count}"
        self._taken.add(key)
        return made


def _server(random: Random, name: str, *, large: bool) -> Document:
    """Return what the versions of a server share."""
    chance = random.random
    owner, tail = _owner(name), name.partition("/")[2]
    made: Document = {"$schema": SERVER_SCHEMA.format(shapes.SCHEMA_DATE.draw(random)), "name": name}
    if chance() < 0.35:
        made["title"] = sentence(random, shapes.TITLE_LENGTH.whole(random))
    made["description"] = sentence(random, shapes.DESCRIPTION_LENGTH.whole(random))
    made["version"] = PLACEHOLDER
    if chance() < 0.77:
        made["repository"] = {"url": f"https://github.com/{owner}/{tail}", "source": "github"}
        if chance() < 0.07:
            made["repository"]["subfolder"] = f"packages/{slug(random, 9)}"
    if chance() < 0.12:
        made["websiteUrl"] = f"https://www.{owner.lower()}.example.com/{slug(random, 8)}"
    if chance() < 0.06:
        source = f"https://www.{owner.lower()}.example.com/icon.png"
        made["icons"] = [{"src": source, "mimeType": "image/png", "sizes": ["48x48"]}]
    reach = shapes.REACH.draw(random)
    if reach in {"package", "both"}:
        made["packages"] = [_package(random, owner, tail) for _ in range(shapes.PACKAGE_COUNT.draw(random))]
    if reach in {"remote", "both"}:
        made["remotes"] = [_remote(random, owner, index) for index in range(shapes.REMOTE_COUNT.draw(random))]
    if large and (key := _extension_key(made)):
        made["_meta"] = {PUBLISHER_META: {"io.github.stacklok": {key: _extension(random)}}}
    return made


def _owner(name: str) -> str:
    return name.partition("/")[0].split(".")[2 if name.startswith("io.github.") else 1]


def _package(random: Random, owner: str, tail: str) -> Document:
    chance = random.random
    kind = shapes.PACKAGE_TYPE.draw(random)
    made: Document = {"registryType": kind}
    if kind in shapes.BASE_URLS and chance() < 0.36:
        made["registryBaseUrl"] = shapes.BASE_URLS[kind]
    made |= _identity(random, kind, owner.lower(), tail)
    if chance() < 0.21:
        made["runtimeHint"] = random.choice(shapes.RUNTIMES[kind])
    made["transport"] = {"type": shapes.TRANSPORT.draw(random)}
    if made["transport"]["type"] != "stdio":
        made["transport"]["url"] = f"http://localhost:{random.randrange(3000, 9000)}/mcp"
    if chance() < 0.05 and "runtimeHint" in made:
        made["runtimeArguments"] = [_argument(random) for _ in range(random.randint(1, 3))]
    if chance() < 0.09:
        made["packageArguments"] = [_argument(random) for _ in range(random.randint(1, 5))]
    if chance() < 0.485:
        made["environmentVariables"] = _variables(random)
    return made


def _identity(random: Random, kind: str, owner: str, tail: str) -> Document:
    if kind == "oci":
        host = random.choice(("docker.io", "ghcr.io"))
        return {"identifier": f"{host}/{owner}/{tail}:{PLACEHOLDER}"}
    if kind == "mcpb":
        address = f"https://github.com/{owner}/{tail}/releases/download/v{PLACEHOLDER}/{tail}.mcpb"
        return {"identifier": address, "fileSha256": hexadecimal(random, 64)}
    scoped = kind == "npm" and random.random() < 0.55
    return {"identifier": f"@{owner}/{tail}" if scoped else tail, "version": PLACEHOLDER}


def _argument(random: Random) -> Document:
    if random.random() < 0.28:
        return {"type": "positional", "valueHint": slug(random, 6), "description": sentence(random, 30)}
    made = {"type": "named", "name": f"--{slug(random, 7)}", "description": sentence(random, 30)}
    return made | ({"value": slug(random, 6)} if random.random() < 0.5 else {})


def _variables(random: Random) -> list[Document]:
    found: dict[str, Document] = {}
    for number in range(max(shapes.VARIABLE_COUNT.whole(random), 1)):
        name = slug(random, shapes.VARIABLE_NAME.whole(random)).upper().replace("-", "_")
        name = f"{name}_{number}" if name in found else name
        found[name] = _variable(random, name)
    return list(found.values())


def _variable(random: Random, name: str) -> Document:
    chance = random.random
    made: Document = {"name": name, "format": shapes.VALUE_FORMAT.draw(random)}
    if chance() < 0.95:
        made["description"] = sentence(random, shapes.VARIABLE_TEXT.whole(random))
    if chance() < 0.26:
        made["isRequired"] = True
    if chance() < 0.33:
        made["isSecret"] = True
    elif chance() < 0.3:
        values = {"string": slug(random, 7), "number": str(random.randrange(9000)), "boolean": "true"}
        made["default"] = values.get(made["format"], "/data")
    return made


def _remote(random: Random, owner: str, index: int) -> Document:
    chance = random.random
    kind = "sse" if chance() < (0.75 if index else 0.06) else "streamable-http"
    host, path = f"{owner.lower()}.example.com", "sse" if kind == "sse" else "mcp"
    made: Document = {"type": kind, "url": f"https://{host}/{path}" + (f"/{index}" if index > 1 else "")}
    if chance() < 0.03:
        made["url"] = f"https://{{tenant}}.{host}/{path}/{index}"
        made["variables"] = {"tenant": {"description": "Name of the tenant", "isRequired": True}}
    if chance() < 0.25:
        header = {"name": "Authorization", "description": "A token", "value": "Bearer {token}"}
        made["headers"] = [header | {"isRequired": True, "isSecret": True}]
    return made


def _extension_key(server: Document) -> str:
    """Return what ToolHive finds an extension by: a package's identifier or a remote's address."""
    if packages := server.get("packages"):
        return str(packages[0]["identifier"])
    return str(server["remotes"][0]["url"]) if server.get("remotes") else ""


def _extension(random: Random) -> Document:
    """Return a publisher's extension: some kilobytes, most of it about tools."""
    tools = [f"{slug(random, 12).replace('-', '_')}_{number}" for number in range(random.randint(1, 40))]
    made: Document = {
        "status": "Active",
        "tier": random.choice(("Official", "Community")),
        "tags": sorted({slug(random, 7) for _ in range(random.randint(2, 8))}),
        "tools": tools,
        "metadata": {"stars": int(10 ** (random.random() * 4.5)), "last_updated": LAST_UPDATED},
        "overview": "## About\n\n" + " ".join(sentence(random, 90) for _ in range(random.randint(2, 8))),
    }
    if random.random() < 0.5:
        made["tool_definitions"] = [_tool(random, name) for name in tools]
    return made


def _tool(random: Random, name: str) -> Document:
    text = {"type": "string", "description": sentence(random, 60)}
    limit = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
    schema = {"type": "object", "required": ["text"], "properties": {"text": text, "limit": limit}}
    description = " ".join(sentence(random, 90) for _ in range(random.randint(1, 5)))
    return {"name": name, "description": description, "inputSchema": schema}


# Skills


def _skills(random: Random, size: Size) -> Iterator[Document]:
    names = _Names(random)
    counts = power_law(2.0, MOST_SKILL_VERSIONS)
    for _ in range(size.skills):
        base = _skill(random, *names.skill())
        for number in version_numbers(random, counts.draw(random)):
            yield at_version(base, number)


def _skill(random: Random, namespace: str, name: str) -> Document:
    owner = _owner(f"{namespace}/")
    parts = [sentence(random, 90) for _ in range(max(shapes.SKILL_DESCRIPTION.whole(random) // 90, 1))]
    url = f"https://github.com/{owner}/skills"
    image = {"registryType": "oci", "identifier": f"ghcr.io/{owner.lower()}/skills/{name}:{PLACEHOLDER}"}
    folder = {"registryType": "git", "url": url, "commit": hexadecimal(random, 40), "subfolder": f"skills/{name}"}
    made: Document = {
        "namespace": namespace,
        "name": name,
        "version": PLACEHOLDER,
        "description": " ".join(parts),
        "status": "active" if random.random() < 0.97 else "deprecated",
        "repository": {"url": url, "type": "git"},
        "packages": [image, folder],
    }
    if random.random() < 0.4:
        made["license"] = random.choice(("MIT", "Apache-2.0", "BSD-3-Clause"))
    if random.random() < 0.09:
        made["allowedTools"] = ["Read", "Write"]
    return made


# Versions


def version_numbers(random: Random, count: int) -> list[str]:
    """Return that many different versions in the order of their publication."""
    style = shapes.VERSION_STYLE.draw(random)
    if style == "calendar":
        return [f"{2024 + index // 300}.{1 + index // 25 % 12}.{1 + index % 25}.{index}" for index in range(count)]
    if style == "two parts":
        return [f"{1 + index // 10}.{index % 10}" for index in range(count)]
    prefix = "v" if style == "prefixed" else ""
    return [prefix + number for number in _semantic_numbers(random, count)]


def _semantic_numbers(random: Random, count: int) -> Iterator[str]:
    major, minor, patch = shapes.FIRST_VERSION.draw(random)
    candidate = 0
    for _ in range(count):
        yield f"{major}.{minor}.{patch}" + (f"-rc.{candidate}" if candidate else "")
        step = shapes.RELEASE.draw(random)
        if candidate:
            # The release itself follows its candidates.
            candidate = candidate + 1 if random.random() < 0.5 else 0
        elif step == "major":
            major, minor, patch = major + 1, 0, 0
        elif step == "minor":
            minor, patch = minor + 1, 0
        else:
            patch += 1
            candidate = int(step == "pre")


def at_version(base: Document, number: str) -> Document:
    """Return *base* with its placeholders filled; unchanged parts are shared."""
    made = {**base, "version": number}
    plain = number.removeprefix("v")
    if packages := base.get("packages"):
        made["packages"] = [_filled(package, plain) for package in packages]
    if meta := base.get("_meta"):
        ((publisher, extensions),) = meta[PUBLISHER_META].items()
        filled = {key.replace(PLACEHOLDER, plain): value for key, value in extensions.items()}
        made["_meta"] = {PUBLISHER_META: {publisher: filled}}
    return made


def _filled(package: Document, number: str) -> Document:
    made = dict(package)
    for key in ("identifier", "version"):
        if key in made:
            made[key] = made[key].replace(PLACEHOLDER, number)
    return made


# Edits


class EditError(Exception):
    """A file cannot be edited as asked."""


def add_version(file: Path, name: str) -> str:
    """Add a version of the server *name* right after its last one in *file*, and return its number.

    The file has one entry a line, as this program and others like it write them.

    Raises:
        EditError: no line holds an entry of that name.
    """
    return _edit(file, name, _with_next)


def change_version(file: Path, name: str) -> str:
    """Give the last version of the server *name* in *file* another description, and return its number.

    Raises:
        EditError: no line holds an entry of that name.
    """
    return _edit(file, name, _with_other_description)


def _edit(file: Path, name: str, change: Callable[[Document], tuple[list[Document], str]]) -> str:
    last = last_line_of(file, name)
    temporary = file.with_name(f"{file.name}.new")
    number = ""
    with file.open("rb") as source, temporary.open("wb") as target:
        for index, line in enumerate(source):
            if index != last:
                target.write(line)
                continue
            documents, number = change(entry_of(line) or {})
            comma = b"," if line.rstrip().endswith(b",") else b""
            target.write(b",\n".join(map(_dumps, documents)) + comma + b"\n")
    temporary.replace(file)
    return number


def last_line_of(file: Path, name: str) -> int:
    """Return the index of the last line that is an entry of a server.

    Raises:
        EditError: there is none.
    """
    last, quoted = -1, json.dumps(name).encode()
    with file.open("rb") as stream:
        for index, line in enumerate(stream):
            if quoted in line and (entry_of(line) or {}).get("name") == name:
                last = index
    if last < 0:
        raise EditError(f"{file}: no line is an entry of {name!r} (expected one entry a line)")
    return last


def entry_of(line: bytes) -> Document | None:
    """Return the document that a line of a registry file holds, None where it is another line."""
    text = line.strip().removesuffix(b",")
    if not text.startswith(b"{"):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "name" in value and "version" in value else None


def _with_next(document: Document) -> tuple[list[Document], str]:
    number = f"{_major(document['version']) + 1}.0.0"
    return [document, {**document, "version": number}], number


def _major(version: str) -> int:
    digits = version.removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _with_other_description(document: Document) -> tuple[list[Document], str]:
    text = f"Changed: {document['description']}"[:100].rstrip()
    return [{**document, "description": text}], str(document["version"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write a registry shaped like the official one.")
    parser.add_argument("--servers", type=int, default=1000, help="number of servers (1000)")
    parser.add_argument("--versions-mean", type=float, default=3.0, help="versions per server on average (3)")
    parser.add_argument("--skills", type=int, default=0, help="number of skills, of two versions on average (0)")
    parser.add_argument("--large-share", type=float, default=0.02, help="share with large metadata (0.02)")
    parser.add_argument("--seed", type=int, default=0, help="another one gives another registry (0)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write or to edit")
    edits = parser.add_mutually_exclusive_group()
    edits.add_argument("--add-version-to", metavar="NAME", help="add a version of this server to the file instead")
    edits.add_argument("--change", metavar="NAME", help="change the last version of this server in the file instead")
    options = parser.parse_args(arguments)
    if options.add_version_to or options.change:
        return _edit_file(options)
    size = Size(
        servers=options.servers,
        versions_mean=options.versions_mean,
        skills=options.skills,
        large_share=options.large_share,
        seed=options.seed,
    )
    with options.out.open("wb") as stream:
        counts = write_registry(stream, size)
    print(
        f"{size.servers:,} servers, {counts.servers:,} versions of them, {counts.skills:,} of skills", file=sys.stderr
    )
    return 0


def _edit_file(options: argparse.Namespace) -> int:
    name = options.add_version_to or options.change
    try:
        number = (add_version if options.add_version_to else change_version)(options.out, name)
    except EditError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{name}@{number} {'added' if options.add_version_to else 'changed'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
