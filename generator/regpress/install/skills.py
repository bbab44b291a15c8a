"""Packages of skills and plugins to the commands that fetch them: ToolHive specification 15.4 and 15.5."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from regpress.install.launch import literal
from regpress.names import EntryName, Kind

#: What ToolHive calls the installer of a kind.
_TOOLHIVE: Final[dict[Kind, str]] = {"skill": "thv skill install", "plugin": "thv ai-plugin install"}
#: A repository that may be given to git: other schemes can name programs to be run.
_REPOSITORY: Final = re.compile(r"https://([A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?)/([^\s?#]+)")
_SAFE_START: Final = re.compile(r"[A-Za-z0-9_.@]")


class Commands(NamedTuple):
    """Commands that do one thing.

    Attributes:
        label: the package.
        title: what they do.
        lines: for a POSIX shell.
    """

    label: str
    title: str
    lines: tuple[str, ...]


def commands_of(document: dict[str, Any], kind: Kind, name: EntryName) -> tuple[Commands, ...]:
    """Return the commands for every package of a skill or plugin; what cannot be fetched safely is left out."""
    packages = document.get("packages")
    if type(packages) is not list:
        return ()
    return tuple(found for package in packages if type(package) is dict for found in _commands(package, kind, name))


def _commands(package: dict[str, Any], kind: Kind, name: EntryName) -> Iterator[Commands]:
    match package.get("registryType"):
        case "oci":
            yield from _image(package, kind)
        case "git":
            yield from _repository(package, kind, name)


def _image(package: dict[str, Any], kind: Kind) -> Iterator[Commands]:
    reference = literal(package.get("identifier"))
    digest = literal(package.get("digest"))
    if not _SAFE_START.match(reference):
        return
    if digest and "@" not in reference and re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        reference = f"{reference}@{digest}"
    yield Commands(f"oci {reference}", "ToolHive", (f"{_TOOLHIVE[kind]} {shlex.quote(reference)}",))


def _repository(package: dict[str, Any], kind: Kind, name: EntryName) -> Iterator[Commands]:
    url = literal(package.get("url")).removesuffix("/")
    found = _REPOSITORY.fullmatch(url)
    if not found:
        return
    revision = literal(package.get("commit")) or literal(package.get("ref"))
    folder = literal(package.get("subfolder")).strip("/")
    if not _is_safe(revision) or not _is_safe(folder) or ".." in folder.split("/"):
        return
    label = f"git {found.group(1)}/{found.group(2)}" + (f" {folder}" if folder else "")
    if kind == "skill":
        reference = f"git://{found.group(1)}/{found.group(2).removesuffix('.git')}"
        reference += f"@{revision}" * bool(revision) + f"#{folder}" * bool(folder)
        yield Commands(label, "ToolHive", (f"{_TOOLHIVE[kind]} {shlex.quote(reference)}",))
    yield Commands(label, "Git", tuple(_clone(url, revision, folder, name.name)))


def _clone(url: str, revision: str, folder: str, name: str) -> Iterator[str]:
    quoted, target = shlex.quote(url), shlex.quote(name)
    if not folder:
        yield f"git clone {quoted} {target}"
        if revision:
            yield f"git -C {target} checkout {shlex.quote(revision)}"
        return
    yield f"git clone --filter=blob:none --no-checkout {quoted} {target}"
    yield f"git -C {target} sparse-checkout set --no-cone {shlex.quote(f'/{folder}/')}"
    yield f"git -C {target} checkout {shlex.quote(revision)}" if revision else f"git -C {target} checkout"


def _is_safe(text: str) -> bool:
    """Return whether a program cannot take a text for one of its options."""
    return not text or bool(_SAFE_START.match(text))
