"""A site with three sources and two registries, and random edits of it: what builds are interrupted over."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

OFFICIAL = "io.modelcontextprotocol.registry/official"
PUBLISHER = "io.modelcontextprotocol.registry/publisher-provided"
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
SOURCES = ("own", "team", "public")
WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima".split()  # noqa: SIM905 - readable
#: Names of one namespace that are prefixes of each other, differ in case, or look like files of the output.
AWKWARD = ("a", "ab", "a.json", "A", "versions", "latest", "servers", "manifest.json", "a-b_c.d", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a server or skill in a source."""

    name: str
    number: str
    description: str
    tags: tuple[str, ...] = ()
    status: str = "active"
    day: int = 1
    is_skill: bool = False

    @property
    def document(self) -> dict[str, Any]:
        namespace, _, plain = self.name.partition("/")
        if self.is_skill:
            packages = [{"registryType": "git", "url": "https://github.com/example/skills", "subfolder": plain}]
            identity = {"namespace": namespace, "name": plain, "packages": packages}
            return {**identity, "description": self.description, "version": self.number}
        url = f"https://{plain.strip('.-_')}.example.com/mcp"
        extension = {"status": "Active", "tier": "Community", "tags": list(self.tags)}
        return {
            "$schema": SCHEMA,
            "name": self.name,
            "description": self.description,
            "version": self.number,
            "remotes": [{"type": "streamable-http", "url": url}],
            **({"_meta": {PUBLISHER: {"io.github.stacklok": {url: extension}}}} if self.tags else {}),
        }

    @property
    def official(self) -> dict[str, Any]:
        time = f"2026-01-{self.day:02d}T00:00:00Z"
        return {OFFICIAL: {"status": self.status, "publishedAt": time, "updatedAt": time}}


@dataclass
class World:
    """The site in *root*: `edit` changes it, `write` puts it on the disk.

    The same seed and the same calls give the same site.
    """

    root: Path
    seed: int
    servers: int = 40
    host: str = "nginx"
    title: str = "Site 0"
    pages: dict[str, str] = field(default_factory=dict)
    readmes: dict[str, str] = field(default_factory=dict)
    sources: dict[str, list[Version]] = field(default_factory=lambda: {name: [] for name in SOURCES})

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._count = 0
        self._written: dict[Path, bytes] = {}
        for _ in range(self.servers):
            self._add_server()
        self.write()

    def edit(self, steps: int = 1, *, everything: float = 0.1) -> list[str]:
        """Make so many random edits, write them, and return what they are called.

        Args:
            steps: how many.
            everything: share of edits that change every HTML page.
        """
        random = self._random
        done = []
        for _ in range(steps):
            change = self._retitle if random.random() < everything else random.choice(self._edits())
            change()
            done.append(change.__name__.strip("_"))
        self.write()
        return done

    def grow(self, servers: int) -> None:
        """Add that many servers."""
        for _ in range(servers):
            self._add_server()
        self.write()

    def _edits(self) -> list[Callable[[], None]]:
        return [
            self._add_server,
            self._add_server,
            self._add_version,
            self._add_version,
            self._describe,
            self._tag,
            self._set_status,
            self._delete_version,
            self._delete_server,
            self._rename,
            self._reorder,
            self._move,
            self._edit_readme,
            self._edit_page,
        ]

    # Edits

    def _new_name(self) -> str:
        random = self._random
        namespace = random.choice(("com.example", "io.github.Octo", "org.example", "com.example.a"))
        taken = {version.name for versions in self.sources.values() for version in versions}
        for plain in (random.choice(AWKWARD), f"{random.choice(WORDS)}-{random.choice(WORDS)}"):
            if f"{namespace}/{plain}" not in taken:
                return f"{namespace}/{plain}"
        self._count += 1
        return f"{namespace}/{random.choice(WORDS)}-{self._count}"

    def _text(self) -> str:
        return " ".join(self._random.choices((*WORDS, "<b>&amp;", "ünï", "\u2028"), k=self._random.randint(2, 8)))

    def _tags(self) -> tuple[str, ...]:
        return tuple(sorted(self._random.sample(WORDS, self._random.choice((0, 0, 1, 3)))))

    def _add_server(self) -> None:
        random = self._random
        name, source = self._new_name(), random.choice(SOURCES)
        is_skill = random.random() < 0.15
        if is_skill:
            self._count += 1
            name = f"com.example/{random.choice(WORDS)}-skill-{self._count}"
        for number in range(random.choice((1, 1, 2, 4))):
            self.sources[source].append(
                Version(
                    name=name,
                    number=f"1.{number}.0",
                    description=self._text(),
                    tags=() if is_skill else self._tags(),
                    day=random.randint(1, 28),
                    is_skill=is_skill,
                )
            )

    def _some(self) -> tuple[list[Version], int] | None:
        """Return a source's list and a position in it."""
        filled = [versions for versions in self.sources.values() if versions]
        if not filled:
            return None
        versions = self._random.choice(filled)
        return versions, self._random.randrange(len(versions))

    def _add_version(self) -> None:
        if some := self._some():
            versions, at = some
            self._count += 1
            number = self._random.choice((f"2.{self._count}.0", f"0.0.{self._count}", f"3.0.0-rc.{self._count}+x"))
            versions.append(replace(versions[at], number=number, day=self._random.randint(1, 28)))

    def _describe(self) -> None:
        self._replace(description=self._text())

    def _tag(self) -> None:
        self._replace(tags=self._tags())

    def _set_status(self) -> None:
        self._replace(status=self._random.choice(("active", "deprecated", "deleted")))

    def _replace(self, **changes: Any) -> None:
        if some := self._some():
            versions, at = some
            versions[at] = replace(versions[at], **changes)

    def _delete_version(self) -> None:
        if some := self._some():
            versions, at = some
            del versions[at]

    def _delete_server(self) -> None:
        if some := self._some():
            versions, at = some
            name = versions[at].name
            versions[:] = [version for version in versions if version.name != name]

    def _rename(self) -> None:
        if some := self._some():
            versions, at = some
            old, new = versions[at].name, self._new_name()
            if not versions[at].is_skill:
                versions[:] = [replace(one, name=new) if one.name == old else one for one in versions]

    def _reorder(self) -> None:
        self._random.shuffle(self.sources[self._random.choice(SOURCES)])

    def _move(self) -> None:
        """Move a server to another source, or leave it in both, where the first one hides the other."""
        if some := self._some():
            versions, at = some
            name = versions[at].name
            target = self.sources[self._random.choice(SOURCES)]
            known = {(version.name, version.number) for version in target}
            target += [one for one in versions if one.name == name and (one.name, one.number) not in known]
            if target is not versions and self._random.random() < 0.7:
                versions[:] = [version for version in versions if version.name != name]

    def _retitle(self) -> None:
        self._count += 1
        self.title = f"Site {self._count}"

    def _edit_readme(self) -> None:
        if some := self._some():
            name = some[0][some[1]].name
            if not some[0][some[1]].is_skill:
                self.readmes[name] = f"# {self._text()}\n\n{self._text()}\n"

    def _edit_page(self) -> None:
        slug = self._random.choice(("guide", "about"))
        if self.pages.pop(slug, None) is None:
            self.pages[slug] = f"# {slug}\n\n{self._text()}\n"

    # Files

    def write(self) -> None:
        """Make the folder hold the site as it is now; what is the same is left alone."""
        files = {self.root / path: data for path, data in self._files().items()}
        for path in self._written.keys() - files.keys():
            path.unlink()
        for path, data in files.items():
            if self._written.get(path) != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        self._written = files

    def _files(self) -> dict[str, bytes]:
        own, team, public = (self.sources[name] for name in SOURCES)
        listed = [{"server": one.document, "_meta": one.official} for one in team if not one.is_skill]
        files = {
            "config.yaml": _CONFIG.format(title=self.title, host=self.host).encode(),
            "team.json": _dumps({"servers": listed, "metadata": {"count": len(listed)}}),
            "public.json": _upstream([*public, *(one for one in team if one.is_skill)]),
        }
        for one in own:
            place = f"content/{'skills' if one.is_skill else 'servers'}/{one.name}/{one.number}.json"
            files[place] = _dumps({"skill" if one.is_skill else "server": one.document, "_meta": one.official})
        for name, text in self.readmes.items():
            files[f"content/servers/{name}/README.md"] = text.encode()
        for slug, text in self.pages.items():
            files[f"content/pages/{slug}.md"] = text.encode()
        return files | _statuses(public)


_CONFIG = """\
sources:
  - name: own
    managed: {{}}
  - name: team
    file: {{path: team.json}}
  - name: public
    file: {{path: public.json}}
registries:
  - name: default
    sources: [own, team, public]
  - name: public
    sources: [public, team]
site:
  title: {title}
  host: {host}
"""


def _statuses(versions: list[Version]) -> dict[str, bytes]:
    """Return status files for a source whose format has no statuses."""
    found: dict[str, dict[str, Any]] = {}
    for one in versions:
        if one.status != "active" and not one.is_skill:
            record = {"status": one.status, "message": "Use another", "changedAt": f"2026-02-{one.day:02d}T00:00:00Z"}
            found.setdefault(f"content/status/servers/{one.name}.json", {})[one.number] = record
    return {path: _dumps(records) for path, records in found.items()}


def _upstream(versions: list[Version]) -> bytes:
    data = {
        "servers": [one.document for one in versions if not one.is_skill],
        "skills": [one.document for one in versions if one.is_skill],
    }
    return _dumps({"version": "1.0.0", "meta": {"last_updated": "2026-01-31T00:00:00Z"}, "data": data})


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
