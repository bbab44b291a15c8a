"""Files to the documents in them: `read_candidates`.

The format is told by the content, never by the file's name. Documents are taken out as they stand and not checked
here; a wrapper that is not what it should be is an issue, never an exception, and costs only the part concerned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from regpress.model.document import DocumentError, parse_json
from regpress.model.entry import Candidate, RawFile
from regpress.model.formats import (
    COLLECTIONS,
    FORMATS,
    MAX_DOCUMENT_BYTES,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    Format,
    count_entries,
    describe,
    format_of,
)
from regpress.model.issue import Issue, IssueType, Severity
from regpress.model.legacy import modernise, separate
from regpress.model.native import NativeError, Section, json_type, map_native
from regpress.model.places import item_place, member_place
from regpress.model.reading import Elements
from regpress.model.segments import FAILURES, ArrayReader, Walker, parse_segments
from regpress.names import KINDS, Kind
from regpress.record import record
from regpress.times import parse_time

#: Bytes from which a file is read element by element.
LARGE_FILE_BYTES: Final = 256 * 1024
#: Stands for the place of an element while nobody knows where it is.
_ELEMENT: Final = "*"

_SECTIONS: Final[tuple[Section, ...]] = ("servers", "remote_servers")
_FILE_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


@record(kw_only=True)
class ReadResult:
    """What one file holds.

    Attributes:
        candidates: its documents, in their order; those of a ToolHive registry by name.
        last_updated: what the file says about its own time, RFC 3339; empty where it says nothing.
        issues: what is wrong with the wrapper.
        format: how it was read.
        elements: arrays of entries that another reader has read, by their place.
    """

    candidates: tuple[Candidate, ...] = ()
    last_updated: str = ""
    issues: tuple[Issue, ...] = ()
    format: Format = ""
    elements: Mapping[str, Elements] = field(default_factory=dict)


class Place(NamedTuple):
    """What the place of an array says about its elements.

    Attributes:
        kind: what they are; None where only they themselves can say it.
        listed: whether it is the array of a list response.
    """

    kind: Kind | None
    listed: bool


#: Arrays of entries by their place.
PLACES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "": Place(None, listed=False),
        **{key: Place(kind, listed=True) for key, kind in COLLECTIONS.items()},
        **{f"data.{key}": Place(kind, listed=False) for key, kind in COLLECTIONS.items()},
    }
)


def read_candidates(raw: RawFile, *, source: str = "") -> ReadResult:
    """Return the documents of a file, unchecked, and what is wrong around them.

    Never raises for what a file holds. Issues have a line only where the file is not JSON; `regpress.model.places`
    finds the others.

    Args:
        raw: the file.
        source: the source's name, for the issues.
    """
    reader = _Reader(raw, source)
    if refused := reader.refused():
        return refused
    try:
        parse = parse_json if len(raw.data) < LARGE_FILE_BYTES else parse_segments
        return reader.read(parse(raw.data))
    except DocumentError as error:
        return reader.refuse("invalid-json", error.reason, error.expected, kind="json", line=error.line)


def read_large(raw: RawFile, array: ArrayReader, *, source: str = "") -> ReadResult:
    """Return what `read_candidates` returns, with the arrays of entries as *array* reads them.

    A file whose arrays are not what their places promise, or that is no JSON, is read in the ordinary way.

    Args:
        raw: the file.
        array: reads an array to `Elements`, as `ElementReader` and `PLACES` have it.
        source: the source's name, for the issues.
    """
    reader = _Reader(raw, source)
    if reader.refused():
        return read_candidates(raw, source=source)
    try:
        value = Walker(raw.data).document(array)
    except FAILURES:
        return read_candidates(raw, source=source)
    if format_of(value) not in {"upstream", "list", "array", "native"}:
        return read_candidates(raw, source=source)
    return reader.read(value)


class ElementReader:
    """Reads the elements of an array, whichever array of a file it turns out to be.

    Args:
        raw: the file.
        source: the source's name, for the issues.
        place: the array's place, one of `PLACES`.
    """

    def __init__(self, raw: RawFile, source: str, place: str) -> None:
        self._reader = _Reader(raw, source)
        self._place = PLACES[place]

    def read(
        self, item: Any, written: bytes, *, is_compact: bool = False
    ) -> tuple[Candidate | None, tuple[Issue, ...]]:
        """Return the document in an element, and what is wrong around it, with pointers relative to the element.

        Args:
            item: the element.
            written: its bytes.
            is_compact: whether it is written as compactly as can be.
        """
        reader = self._reader
        reader.document(item, _ELEMENT, self._place.kind, listed=self._place.listed, written=written)
        found = reader.candidates.pop() if reader.candidates else None
        if is_compact and found is not None and found.value is item:
            found = tuple.__new__(Candidate, (*found[:-1], True))  # `_replace` takes three times as long
        if not reader.issues:
            return found, ()
        issues = tuple(issue._replace(pointer=inside(issue.pointer)) for issue in reader.issues)
        reader.issues.clear()
        return found, issues


def inside(pointer: str) -> str:
    """Return what the pointer of a candidate from `ElementReader` says beyond the element."""
    return pointer.removeprefix(_ELEMENT)


@dataclass(slots=True)
class _Reader:
    """The state of reading one file: what was found so far."""

    raw: RawFile
    source: str
    candidates: list[Candidate] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    last_updated: str = ""
    elements: dict[str, Elements] = field(default_factory=dict)

    def refused(self) -> ReadResult | None:
        """Return the result for a file that is not worth reading, None for others."""
        if len(self.raw.data) > MAX_FILE_BYTES:
            size, most = len(self.raw.data) >> 20, MAX_FILE_BYTES >> 20
            return self.refuse("file-too-large", f"the file has {size} MiB", f"at most {most} MiB")
        if not self.raw.data or self.raw.data.isspace():
            return self.refuse("invalid-json", "the file is empty", FORMATS, kind="json")
        return None

    def read(self, value: Any) -> ReadResult:
        found = format_of(value)
        if not found:
            return self.refuse("unknown-format", f"the file holds {describe(value)}", FORMATS)
        if count_entries(value) > MAX_ENTRIES:
            return self.refuse(
                "too-many-entries", f"the file has {count_entries(value)} entries", f"at most {MAX_ENTRIES}"
            )
        readers: dict[str, Callable[[Any], None]] = {
            "upstream": self._upstream,
            "native": self._native,
            "list": self._list,
            "array": self._array,
            "document": self._single,
        }
        readers[found](value)
        return self._result(found)

    def refuse(
        self, reference: str, message: str, expected: str, *, kind: IssueType = "schema", line: int = 0
    ) -> ReadResult:
        """Return the result for a file that is of no use."""
        self._issue("", reference, message, expected, kind=kind, line=line)
        return self._result("")

    def _result(self, found: Format) -> ReadResult:
        return ReadResult(
            candidates=tuple(self.candidates),
            last_updated=self.last_updated,
            issues=tuple(self.issues),
            format=found,
            elements=self.elements,
        )

    def _issue(
        self,
        pointer: str,
        reference: str,
        message: str,
        expected: str = "",
        *,
        kind: IssueType = "schema",
        severity: Severity = "error",
        path: str = "",
        line: int = 0,
    ) -> None:
        self.issues.append(
            Issue(
                type=kind,
                severity=severity,
                path=path,
                message=message,
                reference=reference,
                expected=expected,
                source=self.source,
                file=self.raw.path,
                pointer=pointer,
                line=line,
            )
        )

    def _upstream(self, value: dict[str, Any]) -> None:
        version = value.get("version")
        if not isinstance(version, str) or not _FILE_VERSION.fullmatch(version):
            what = f"'version' is {_shown(version)}" if "version" in value else "the registry file has no 'version'"
            self._issue(_if(value, "version"), "registry-file-version", what, "the file's own version, '1.0.0'")
        meta = value.get("meta")
        self._last_updated(meta if isinstance(meta, dict) else {}, "meta.last_updated")
        data = value.get("data")
        if not isinstance(data, dict):
            what = f"'data' is {json_type(data)}" if "data" in value else "the registry file has no 'data'"
            self._issue(_if(value, "data"), "registry-file-data", what, "an object with 'servers', 'skills', 'plugins'")
        elif not any(key in data for key in COLLECTIONS):
            self._issue("data", "registry-file-data", "'data' has no entries", "'servers', 'skills' or 'plugins'")
        else:
            self._collections(data, "data")

    def _last_updated(self, holder: dict[str, Any], place: str) -> None:
        text = holder.get("last_updated")
        expected = "an RFC 3339 date-time such as '2026-05-01T06:00:00Z'"
        if not isinstance(text, str):
            what = f"{place!r} is {json_type(text)}" if "last_updated" in holder else f"the file has no {place!r}"
            self._issue("", "registry-file-time", what, expected)
            return
        try:
            parse_time(text)
        except ValueError:
            self._issue(place, "registry-file-time", f"{place!r} is {text[:80]!r}", expected)
        else:
            self.last_updated = text

    def _list(self, value: dict[str, Any]) -> None:
        self._collections(value, "", listed=True)
        metadata = value.get("metadata")
        cursors = metadata if isinstance(metadata, dict) else {}
        for key in ("nextCursor", "next_cursor"):
            if cursors.get(key):
                self._issue(
                    f"metadata.{key}",
                    "more-pages",
                    "this is only one page of a list: it names a next one",
                    "the whole list in one file, without a cursor",
                    kind="source",
                    severity="warning",
                )

    def _collections(self, holder: dict[str, Any], place: str, *, listed: bool = False) -> None:
        for key, kind in COLLECTIONS.items():
            items = holder.get(key)
            at = member_place(place, key)
            if isinstance(items, Elements):
                self.elements[at] = items
            elif isinstance(items, list):
                for index, item in enumerate(items):
                    self.document(item, item_place(at, index), kind, listed=listed)
            elif items is not None:  # null is how some programs write an empty array
                self._issue(at, "not-an-array", f"{at!r} is {json_type(items)}", f"an array of {key}")

    def _array(self, value: list[Any]) -> None:
        if isinstance(value, Elements):
            self.elements[""] = value
            return
        for index, item in enumerate(value):
            self.document(item, item_place("", index), None)

    def _single(self, value: dict[str, Any]) -> None:
        self.document(value, "", None)

    def document(self, item: Any, at: str, kind: Kind | None, *, listed: bool = False, written: bytes = b"") -> None:
        """Add a document, bare or wrapped.

        Args:
            item: what stands there.
            at: where that is.
            kind: what the array says that it is; None where only the document itself can say it.
            listed: whether a list response holds it.
            written: its bytes in the file, empty where they are not known.
        """
        if not isinstance(item, dict):
            self._issue(at, "not-an-object", f"this entry is {json_type(item)}", f"a {kind or 'server'} object")
            return
        inside = [key for key in KINDS if key in item] if "name" not in item else []
        if inside:
            self._wrapped(item, at, inside, kind, written)
        elif kind is None and "namespace" in item and "/" not in str(item.get("name")):
            wrapped = '{"skill": …} or {"plugin": …} around it'
            self._issue(at, "bare-document", "this entry does not say whether it is a skill or a plugin", wrapped)
        else:
            self._add(item, at, kind or "server", None, None, listed=listed, written=written)

    def _wrapped(self, item: dict[str, Any], at: str, inside: list[Kind], kind: Kind | None, written: bytes) -> None:
        found = inside[0]
        meta, claims = item.get("_meta"), item.get("claims")
        place = member_place(at, found)
        if len(inside) > 1:
            both = " and ".join(f"a {each}" for each in inside)
            self._issue(at, "several-documents", f"this entry holds {both}", "one of them")
        elif kind and found != kind:
            self._issue(place, "wrong-kind", f"a {found} stands among the {kind}s", f"a {kind}")
        elif not isinstance(item[found], dict):
            self._issue(place, "not-an-object", f"{found!r} is {json_type(item[found])}", "an object")
        elif claims is not None and not isinstance(claims, dict):
            # Without its claims the entry would be public, so it is not read at all.
            self._issue(member_place(at, "claims"), "not-an-object", f"'claims' is {json_type(claims)}", "an object")
        else:
            if meta is not None and not isinstance(meta, dict):
                self._issue(member_place(at, "_meta"), "not-an-object", f"'_meta' is {json_type(meta)}", "an object")
                meta = None
            self._add(item[found], place, found, meta, claims, written=written)

    def _add(
        self,
        value: dict[str, Any],
        at: str,
        kind: Kind,
        meta: Any,
        claims: Any,
        *,
        listed: bool = False,
        written: bytes,
    ) -> None:
        if self._is_too_large(value, len(written or self.raw.data)):
            most = f"at most {MAX_DOCUMENT_BYTES >> 20} MiB"
            self._issue(at, "document-too-large", "the document is too large to be served", most)
            return
        converted = False
        if kind == "server":
            value, meta = separate(value, meta, listed=listed)
            old, value = value, modernise(value)
            if converted := value is not old:
                self._issue(
                    at,
                    "schema-2025-07-09",
                    "the members are spelled as in the schema of 2025-07-09; they are served in today's spelling",
                    kind="source",
                    severity="info",
                )
        # By position: this runs once for every document of a registry.
        self.candidates.append(Candidate(kind, value, self.raw, meta, claims, at, converted, written))

    def _is_too_large(self, value: dict[str, Any], most: int) -> bool:
        if most <= MAX_DOCUMENT_BYTES:
            return False
        try:
            return len(orjson.dumps(value, default=str, option=orjson.OPT_PASSTHROUGH_SUBCLASS)) > MAX_DOCUMENT_BYTES
        except (orjson.JSONEncodeError, TypeError):
            return False  # whatever is wrong with it, its serialisation will tell

    def _native(self, value: dict[str, Any]) -> None:
        self._last_updated(value, "last_updated")
        left_out = {key for key in value if key == "groups"}
        for section in _SECTIONS:
            entries = value.get(section)
            if isinstance(entries, dict):
                for key, entry in entries.items():
                    left_out.update(self._native_entry(section, key, entry))
            elif entries is not None:
                self._issue(section, "not-an-object", f"{section!r} is {json_type(entries)}", "an object of servers")
        self.candidates.sort(key=lambda candidate: (str(candidate.value["name"]), candidate.pointer))
        if left_out:
            listed = ", ".join(sorted(left_out)[:20])
            message = f"members without a place in server.json were left out: {listed}"
            self._issue("", "native-members", message, kind="source", severity="info")

    def _native_entry(self, section: Section, key: str, entry: Any) -> tuple[str, ...]:
        at = member_place(section, key)
        try:
            mapped = map_native(section, key, entry)
        except NativeError as error:
            self._issue(at, "native-entry", f"this entry {error}", error.expected, path=error.path)
            return ()
        self.candidates.append(Candidate(kind="server", value=mapped.value, pointer=at, raw=self.raw, converted=True))
        return mapped.dropped


def _if(holder: dict[str, Any], key: str) -> str:
    return key if key in holder else ""


def _shown(value: Any) -> str:
    return repr(value[:80]) if isinstance(value, str) else json_type(value)
