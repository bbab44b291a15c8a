"""What builds read and gather to a cache folder and back, so that what changed a little costs a little.

What is kept of an element depends on its bytes and on how documents are validated; both are compared before anything
kept is used. A damaged cache is ignored.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from regpress.errors import StorageError
from regpress.model.packed import Former, Packed
from regpress.storage import replace_file

_FORMAT: Final = 6
_GATHERING_FORMAT: Final = 7
_LENGTH: Final = struct.Struct("<Q")
#: New elements up to which a cache is left as it is: reading them again costs less than writing it anew.
FEW: Final = 200
#: Names gathered again up to which what was gathered is left as it was: they are as quickly gathered again next time.
FEW_NAMES: Final = 64
#: The only key of an object that stands for numbers, which no fact has, and from how many on they stand apart.
_NUMBERS: Final = "\0"
_MANY: Final = 64
#: How each number is kept: they are positions and lengths, and -1 for none.
_NUMBER: Final = "i"


class ReadingCache:
    """Kept elements of one site's files.

    Args:
        folder: where they are kept; made when needed.
        salt: what else readings depend on: the generator's version and the validation policy.
    """

    def __init__(self, folder: Path, salt: bytes) -> None:
        self._folder = folder
        self._salt = salt.hex()

    def load(self, source: str, path: str) -> Mapping[str, Former]:
        """Return what is kept of a file of a source, by the place of its arrays; nothing if it cannot be used."""
        try:
            data = self._file(source, path).read_bytes()
            start = data.index(b"\n") + 1
            value = orjson.loads(data[:start])
            if (value["format"], value["salt"]) != (_FORMAT, self._salt):
                return {}
            if zlib.crc32(memoryview(data)[start:]) != value["checksum"]:
                return {}
            return _arrays(value["parts"], memoryview(data)[start:])
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return {}

    def save(self, source: str, path: str, arrays: Mapping[str, Sequence[Packed]]) -> None:
        """Keep the elements of a file; nothing is lost when that fails.

        Args:
            source: the source's name.
            path: the file's.
            arrays: its elements by the place of their array, in runs.
        """
        runs = [(place, run) for place, packed in arrays.items() for run in packed]
        checksum = 0
        for _, run in runs:
            checksum = zlib.crc32(run.blob, zlib.crc32(run.columns, checksum))
        head = {
            "format": _FORMAT,
            "salt": self._salt,
            "checksum": checksum,
            "parts": [(place, len(run.columns), len(run.blob)) for place, run in runs],
        }
        parts = (part for _, run in runs for part in run)
        try:
            replace_file(self._file(source, path), b"".join((orjson.dumps(head), b"\n", *parts)))
        except StorageError:
            return

    def _file(self, source: str, path: str) -> Path:
        return self._folder / f"{source}-{hashlib.sha256(path.encode()).hexdigest()[:16]}.bin"


def _arrays(parts: Iterable[tuple[str, int, int]], data: memoryview) -> dict[str, Former]:
    runs: dict[str, list[Packed]] = {}
    at = 0
    for place, columns, blob in parts:
        middle = at + columns
        end = middle + blob
        runs.setdefault(place, []).append(Packed(data[at:middle], data[middle:end]))
        at = end
    return {place: Former(packed) for place, packed in runs.items()}


class Gathering(NamedTuple):
    """What a build gathered, as it is kept.

    Attributes:
        facts: plain JSON values.
        blobs: bytes that the facts speak of.
        files: bytes of files, as they were when it was gathered.
    """

    facts: dict[str, Any]
    blobs: Sequence[bytes | memoryview]
    files: Sequence[bytes]


class KeptGathering(NamedTuple):
    """A `Gathering` that was kept.

    Attributes:
        facts: as they were given.
        blobs: views of them.
        data: the whole file.
        files: where in it each of the files begins.
    """

    facts: dict[str, Any]
    blobs: Sequence[memoryview]
    data: mmap.mmap
    files: Sequence[int]


class GatheringCache:
    """What the last build of a site gathered.

    Args:
        file: where it is kept; its folder is made when needed.
        salt: what else it depends on.
    """

    def __init__(self, file: Path, salt: bytes) -> None:
        self._file = file
        self._salt = salt.hex()

    def load(self) -> KeptGathering | None:
        """Return what is kept, None if it cannot be used."""
        try:
            # It is replaced as a whole, never changed.
            with self._file.open("rb") as stream:
                data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            end = len(data) - _LENGTH.size
            (length,) = _LENGTH.unpack(data[end:])
            head = orjson.loads(data[end - length : end])
            if (head["format"], head["salt"]) != (_GATHERING_FORMAT, self._salt):
                return None
            cuts = list(accumulate(head["lengths"], initial=0))
            first = head["files"]
            whole = memoryview(data)
            if cuts[-1] != end - length or zlib.crc32(whole[cuts[first] : cuts[-1]]) != head["checksum"]:
                return None
            facts, numbers, *blobs = (whole[start:stop] for start, stop in pairwise(cuts[first:]))
            known = _together(orjson.loads(facts), numbers.cast(_NUMBER))
            return KeptGathering(known, blobs, data, cuts[:first])
        except (OSError, ValueError, KeyError, TypeError, IndexError, struct.error):
            return None

    def save(self, gathering: Gathering) -> None:
        """Keep what was gathered; nothing is lost when that fails."""
        numbers = array(_NUMBER)
        facts = orjson.dumps(_apart(gathering.facts, numbers))
        checked = (facts, numbers.tobytes(), *gathering.blobs)
        checksum = 0
        for part in checked:
            checksum = zlib.crc32(part, checksum)
        head = orjson.dumps(
            {
                "format": _GATHERING_FORMAT,
                "salt": self._salt,
                "files": len(gathering.files),
                # Files are looked at byte by byte before anything is made of them.
                "checksum": checksum,
                "lengths": list(map(len, (*gathering.files, *checked))),
            }
        )
        try:
            replace_file(self._file, *gathering.files, *checked, head, _LENGTH.pack(len(head)))
        except StorageError:
            return


def _apart(value: Any, numbers: array[int]) -> Any:
    """Return facts with their long lists of numbers replaced by where these stand among *numbers*, which they join.

    Half a million of them take longer to read as text, and to hold as objects, than everything else that is kept.
    """
    if isinstance(value, dict):
        return {key: _apart(member, numbers) for key, member in value.items()}
    if not isinstance(value, list | tuple):
        return value
    if len(value) < _MANY:
        return [_apart(item, numbers) for item in value]
    try:
        own = array(_NUMBER, value)
    except (TypeError, OverflowError):
        return value
    numbers += own
    return {_NUMBERS: [len(numbers) - len(own), len(numbers)]}


def _together(value: Any, numbers: memoryview[int]) -> Any:
    """Return the facts that `_apart` was given; long lists of numbers are views of *numbers*."""
    if isinstance(value, dict):
        if value.keys() == {_NUMBERS}:
            first, end = value[_NUMBERS]
            return numbers[first:end]
        return {key: _together(member, numbers) for key, member in value.items()}
    if isinstance(value, list) and len(value) < _MANY:
        return [_together(item, numbers) for item in value]
    return value
