"""Addresses to files, and the files of a whole tree to what is wrong with them together."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from regpress.model.artifact import Form

INDEX: Final = "index.html"


def flat(address: str, form: Form) -> tuple[str, ...]:
    """Return the one file of an address where a rule of the host adds ``.json``: layout A, one file for each document.

    Examples:
        >>> flat("v0.1/servers", "document")
        ('v0.1/servers.json',)
        >>> flat("about/", "page")
        ('about/index.html',)

    Raises:
        ValueError: the address does not have the shape of its form.
    """
    return (f"{address}.json",) if _is_document(address, form) else (_plain_file(address, form),)


def page_and_folder(address: str, form: Form) -> tuple[str, ...]:
    """Return the files of an address where no rule exists and the host may prefer either: ``P.html``, ``P/index.json``.

    Both hold the same bytes. The order is that of `regpress.hosts.github_pages`, which prefers the first.

    Raises:
        ValueError: the address does not have the shape of its form.
    """
    if _is_document(address, form):
        return (f"{address}.html", f"{address}/index.json")
    return (_plain_file(address, form),)


def folder(address: str, form: Form) -> tuple[str, ...]:
    """Return the one file of an address where folders are answered with their index: ``P/index.html``.

    Raises:
        ValueError: the address does not have the shape of its form.
    """
    return (f"{address}/{INDEX}",) if _is_document(address, form) else (_plain_file(address, form),)


def bare_page(address: str, form: Form) -> tuple[str, ...]:
    """Return the one file of an address where the host takes the extension of pages away: ``P.html``.

    Raises:
        ValueError: the address does not have the shape of its form.
    """
    return (f"{address}.html",) if _is_document(address, form) else (_plain_file(address, form),)


def folder_json(address: str, form: Form) -> tuple[str, ...]:
    """Return the one file of an address where a folder is answered with its ``index.json``: ``P/index.json``.

    Raises:
        ValueError: the address does not have the shape of its form.
    """
    return (f"{address}/index.json",) if _is_document(address, form) else (_plain_file(address, form),)


def page_and_index(address: str, form: Form) -> tuple[str, ...]:
    """Return the files of an address where no folder is answered with JSON: ``P.html``, ``P/index.html``.

    Raises:
        ValueError: the address does not have the shape of its form.
    """
    return (*bare_page(address, form), *(folder(address, form) if form == "document" else ()))


def path_conflicts(files: Iterable[str]) -> list[str]:
    """Return one line for each path that two artifacts claim, or that is both a file and a folder; sorted.

    Args:
        files: paths of a whole tree, with slashes, relative to its root.
    """
    seen: set[str] = set()
    twice: set[str] = set()
    for file in files:
        if file in seen:
            twice.add(file)
        seen.add(file)
    return sorted(
        [f"{path}: two documents would be written to this path" for path in twice]
        + [f"{path}: would be both a file and the folder of other files" for path in seen & _folders(seen)]
    )


def fold_collisions(files: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the groups of paths, files or folders, that are one path on a disk that ignores case; sorted.

    Case and the composition of letters (Unicode NFC) are ignored together, as macOS and Windows disks do. Below
    folders that already collide nothing more is reported.
    """
    every = set(files)
    every |= _folders(every)
    if len(set(map(_fold, every))) == len(every):
        return []
    spellings: dict[str, list[str]] = {}
    for path in every:
        spellings.setdefault(_fold(path), []).append(path)
    collided = {folded for folded, paths in spellings.items() if len(paths) > 1}
    return sorted(
        tuple(sorted(spellings[folded])) for folded in collided if not any(up in collided for up in _parents(folded))
    )


def _is_document(address: str, form: Form) -> bool:
    if form == "page":
        shaped = not address or address.endswith("/")
    else:
        shaped = bool(address) and not address.endswith("/")
    if not shaped or address.startswith("/"):
        raise ValueError(f"{address!r} is not the address of a {form}")
    return form == "document"


def _plain_file(address: str, form: Form) -> str:
    return f"{address}{INDEX}" if form == "page" else address


def _folders(files: Iterable[str]) -> set[str]:
    folders: set[str] = set()
    for file in files:
        for folder in _parents(file):
            if folder in folders:
                break
            folders.add(folder)
    return folders


def _parents(path: str) -> Iterator[str]:
    """Yield the folders around a path, innermost first."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)


def _fold(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
