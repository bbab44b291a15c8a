"""Requests to files of the built tree: pages, schemas, indexes and whatever else is not answered from memory."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Final

from regpress.asgi.answers import JSON, Answer, problem, tagged
from regpress.hosts import generic, serving
from regpress.hosts.base import HostProfile, SiteAddress
from regpress.paths import CONFIGURATION

_MOST_KEPT: Final = 512
_MOST_BYTES: Final = 32 * 1024 * 1024
_LARGE: Final = 4 * 1024 * 1024
_SITE: Final = SiteAddress()


class TreeFiles:
    """The files of one output folder, which builds renew behind our back."""

    def __init__(self, folder: Path, profile: HostProfile) -> None:
        self._folder = folder
        self._profile = profile
        self._kept: OrderedDict[str, tuple[int, int, Answer]] = OrderedDict()
        self._size = 0

    def page(self, target: str) -> Answer:
        """Return the answer for the path of a page or file, as the best of static hosts would give it.

        Args:
            target: path and query as sent, below the base path.
        """
        reply = generic.PROFILE.answer("GET", target, _SITE, self._has)
        answer = self._read(reply.file, reply.headers.get("content-type", "")) if reply.file else None
        if answer is None:
            answer = (
                problem(404, "There is no document at this address")
                if reply.status in {200, 404}
                else Answer(reply.status)
            )
        elif reply.status != 200:
            answer = Answer(reply.status, answer.body, answer.media_type)
        location = reply.headers.get("location")
        headers = ((b"location", location.encode()),) if location else ()
        cache = reply.headers.get("cache-control", "no-cache").encode()
        return Answer(answer.status, answer.body, answer.media_type, headers, cache, answer.tag, answer._packed)

    def document(self, address: str) -> Answer | None:
        """Return a document of the API that is not answered from memory, None where there is none."""
        try:
            files = self._profile.files(address, "document")
        except ValueError:
            return None
        return self._read(files[0], JSON.decode()) if self._has(files[0]) else None

    def _has(self, file: str) -> bool:
        return self._path(file) is not None

    def _path(self, file: str) -> Path | None:
        parts = file.split("/")
        if "\0" in file or any(part in {"", ".", ".."} or part.startswith(".regpress") for part in parts):
            return None
        if parts[0] == CONFIGURATION:
            return None
        try:
            real = (self._folder / file).resolve(strict=True)
            inside = real.is_file() and real.is_relative_to(self._folder.resolve())
        except (OSError, ValueError, RuntimeError):
            return None
        return real if inside else None

    def _read(self, file: str, media_type: str) -> Answer | None:
        path = self._path(file)
        if path is None:
            return None
        try:
            about = path.stat()
            kept = self._kept.get(file)
            if kept is not None and kept[:2] == (about.st_mtime_ns, about.st_size):
                self._kept.move_to_end(file)
                return kept[2]
            answer = tagged(path.read_bytes(), media_type=(media_type or serving.media_type(file)).encode())
        except OSError:
            return None
        if len(answer.body) <= _LARGE:
            self._keep(file, about.st_mtime_ns, about.st_size, answer)
        return answer

    def _keep(self, file: str, changed: int, size: int, answer: Answer) -> None:
        if earlier := self._kept.pop(file, None):
            self._size -= len(earlier[2].body)
        self._kept[file] = (changed, size, answer)
        self._size += len(answer.body)
        while len(self._kept) > _MOST_KEPT or self._size > _MOST_BYTES:
            _, (_, _, dropped) = self._kept.popitem(last=False)
            self._size -= len(dropped.body)
