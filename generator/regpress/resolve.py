"""Readings of one source to its published versions: filter, validity, duplicates, status and times.

Times follow DESIGN section 6. ``publishedAt`` is, in this order: what the entry carries; what the previous output
says; the commit that brought it; ``meta.last_updated`` of its file; the time of the file itself. No clock is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from fnmatch import translate
from typing import Any, Final, Literal

from regpress.errors import RegistryError
from regpress.model.document import compact_text, parse_json
from regpress.model.entry import (
    EntryVersion,
    Official,
    RawFile,
    Snapshot,
    Status,
    StatusValue,
    Times,
    entry_label,
)
from regpress.model.issue import Hidden, Issue
from regpress.model.reading import NOTHING_CARRIED, Reading, Unreadable, digest_of
from regpress.names import EntryName, Kind
from regpress.record import record
from regpress.times import time_key

OnInvalid = Literal["fail", "skip", "keep"]
#: Identity of a version: kind, ``namespace/name``, version.
VersionKey = tuple[str, str, str]
#: Whether clients tolerate the defect that an error of a document names; called with the issue and the document.
HarmlessTest = Callable[[Issue, Any], bool]


@record(kw_only=True)
class Filter:
    """Which names and tags of a source are taken, ToolHive specification section 14.6.

    Attributes:
        include_names, exclude_names: globs over the full name; ``*`` also matches a slash.
        include_tags, exclude_tags: exact tags; they concern servers only.
    """

    include_names: tuple[str, ...] = ()
    exclude_names: tuple[str, ...] = ()
    include_tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()

    def refuses(self, kind: Kind, name: str, tags: Iterable[str]) -> str:
        """Return why an entry is left out (``names.exclude *-beta``), or an empty text."""
        return self.refuses_name(name) or (self._refuses_tags(set(tags)) if kind == "server" else "")

    def refuses_name(self, name: str) -> str:
        """Return why a name is left out whatever has it, or an empty text."""
        for pattern in self.exclude_names:
            if _matches(pattern, name):
                return f"names.exclude {pattern}"
        if self.include_names and not any(_matches(pattern, name) for pattern in self.include_names):
            return "names.include"
        return ""

    def _refuses_tags(self, tags: set[str]) -> str:
        if excluded := sorted(tags.intersection(self.exclude_tags)):
            return f"tags.exclude {excluded[0]}"
        if self.include_tags and not tags.intersection(self.include_tags):
            return "tags.include"
        return ""


def _matches(pattern: str, name: str) -> bool:
    return bool(_glob(pattern).match(name))


_globs: dict[str, re.Pattern[str]] = {}


def _glob(pattern: str) -> re.Pattern[str]:
    """Return *pattern* compiled; ``fnmatch`` has the rules of the specification: ``*`` any run, ``?``, ``[a-z]``."""
    compiled = _globs.get(pattern)
    if compiled is None:
        compiled = _globs[pattern] = re.compile(translate(pattern))
    return compiled


@record(kw_only=True)
class PreviousVersion:
    """What the previous output says about a version.

    Attributes:
        official: its block.
        digest: as in `regpress.model.entry.EntryVersion`.
    """

    official: Official
    digest: bytes


@record(kw_only=True)
class FileReadings:
    """What was found in one file.

    Attributes:
        pointers: the place of each reading in the file.
    """

    raw: RawFile
    readings: Sequence[Reading | Unreadable]
    pointers: Sequence[str]
    last_updated: str = ""
    issues: tuple[Issue, ...] = ()


@record(kw_only=True)
class SourceRules:
    """The configuration of one source as far as it decides about documents."""

    name: str
    filter: Filter = field(default_factory=Filter)
    on_invalid: OnInvalid = "fail"
    claims: Mapping[str, Any] = field(default_factory=dict)


@record(kw_only=True)
class Resolved:
    """The versions of one source, ready to be merged; in the order of names, then of appearance."""

    source: str
    versions: tuple[EntryVersion, ...]
    latest_claims: Mapping[VersionKey, bool]
    issues: tuple[Issue, ...]
    hidden: tuple[Hidden, ...]


class Resolver:
    """Applies the rules of one source to its readings.

    Attributes:
        statuses: status files of the site, by kind and name: they apply to entries of any source.
        previous: what the last output said about a version, or None; called with its key.
        is_harmless: whether an error is one that clients tolerate, for ``onInvalid: keep``.
        now: RFC 3339 text, for changes that nothing else dates.
    """

    def __init__(
        self,
        rules: SourceRules,
        *,
        statuses: Mapping[tuple[Kind, str], Mapping[str, Status]],
        previous: Mapping[VersionKey, PreviousVersion],
        is_harmless: HarmlessTest,
        now: str,
    ) -> None:
        self._rules = rules
        self._statuses = statuses
        self._previous = previous
        self._is_harmless = is_harmless
        self._now = now
        self._filters = rules.filter != Filter()
        # Whether nothing but documents and their file says anything about versions.
        self._is_plain = False
        self._issues: list[Issue] = []
        self._hidden: dict[tuple[str, str, str, str], int] = {}
        self._versions: dict[VersionKey, EntryVersion] = {}
        # What documents were when they were read, where a status file changed them.
        self._digests: dict[VersionKey, bytes] = {}
        self._latest: dict[VersionKey, bool] = {}
        # Most versions of a file have the same times and status, and share the record that says so.
        self._dated: dict[StatusValue, Official] = {}
        # Neighbours mostly have one name.
        self._last: tuple[EntryName | None, str] = (None, "")

    def resolve(self, snapshot: Snapshot, files: Iterable[FileReadings]) -> Resolved:
        """Return the versions that the source publishes, and why others are not among them."""
        self._issues.extend(snapshot.issues)
        self._is_plain = not (self._statuses or self._previous or snapshot.entry_times)
        for file in files:
            # A file of a folder without one entry is no more than an entry; a source's only file is the source.
            is_entry = len(snapshot.files) > 1 and not file.readings
            self._issues.extend(self._of_file(issue, is_entry=is_entry) for issue in file.issues)
            self._dated = {}
            for reading, pointer in zip(file.readings, file.pointers, strict=True):
                self._take(reading, pointer, file, snapshot)
        hidden = tuple(
            Hidden(reason=reason, kind=kind, name=name, source=self._rules.name, by=by, versions=count)  # type: ignore[arg-type]
            for (reason, kind, name, by), count in self._hidden.items()
        )
        return Resolved(
            source=self._rules.name,
            versions=tuple(self._versions.values()),
            latest_claims=self._latest,
            issues=tuple(self._issues),
            hidden=hidden,
        )

    def _of_file(self, issue: Issue, *, is_entry: bool) -> Issue:
        """Return a finding around documents; one entry that cannot be read is no worse than one that is invalid."""
        about_one_entry = is_entry or "[" in issue.pointer or issue.reference == "native-entry"
        if issue.severity == "error" and about_one_entry and self._rules.on_invalid != "fail":
            what = "it is not read" if issue.pointer.endswith("_meta") else "the entry is skipped"
            issue = issue._replace(severity="warning", message=f"{issue.message}; {what}")
        return issue._replace(source=self._rules.name)

    def _take(self, reading: Reading | Unreadable, pointer: str, file: FileReadings, snapshot: Snapshot) -> None:
        if isinstance(reading, Unreadable):
            self._report(reading.issues, reading.label, file, pointer, refused=True)
            self._hide("invalid", reading.kind, reading.label or pointer or file.raw.path)
            return
        parsed, name = self._last
        if parsed is not reading.name:
            name = str(reading.name)
            self._last = (reading.name, name)
        # All at once: this runs for every version of a registry, and to ask for single members takes twice as long.
        kind, _, version, _, digest, carried, _, _, _, tags, _, _, _, issues = reading
        if self._filters and (refused := self._rules.filter.refuses(kind, name, tags)):
            self._hide("filtered", kind, name, refused)
            return
        if issues and not self._is_accepted(reading, entry_label(kind, name, version), pointer, file):
            self._hide("invalid", kind, name)
            return
        key = (kind, name, version)
        if known := self._versions.get(key):
            self._duplicate(reading, pointer, file, known, self._digests.get(key, known.digest))
            return
        try:
            made = self._version(reading, file, snapshot, key)
        except _NoTimeError:
            self._report((_NO_TIME,), reading.label, file, pointer, refused=True)
            self._hide("invalid", kind, name)
            return
        self._versions[key] = made
        if carried is not NOTHING_CARRIED and carried.is_latest is not None:
            self._latest[key] = carried.is_latest
        if self._statuses and made.digest != digest:
            self._digests[key] = digest

    def _is_accepted(self, reading: Reading, label: str, pointer: str, file: FileReadings) -> bool:
        """Report the issues of a document and return whether it is published all the same."""
        errors = [issue for issue in reading.issues if issue.severity == "error"]
        refused = bool(errors) and not (self._rules.on_invalid == "keep" and self._all_harmless(errors, reading.text))
        self._report(reading.issues, label, file, pointer, refused=refused)
        return not refused

    def _all_harmless(self, errors: list[Issue], text: bytes) -> bool:
        value = parse_json(text)
        return all(self._is_harmless(issue, value) for issue in errors)

    def _report(self, issues: Iterable[Issue], label: str, file: FileReadings, pointer: str, *, refused: bool) -> None:
        """Add *issues* to the report, as mild as the source's setting makes them.

        Only with ``fail`` does an invalid document stop the build; else it is a warning that says what became of it.
        """
        fails = self._rules.on_invalid == "fail"
        source, path = self._rules.name, file.raw.path
        for tier, severity, message, reference, place, expected, _, _, _, _, line in issues:
            if severity == "error" and not fails:
                severity = "warning"  # noqa: PLW2901
                message += "; the entry is skipped" if refused else "; the entry is kept"  # noqa: PLW2901
            # As `_make` does: half of a registry's versions may name an older schema.
            fields = (tier, severity, message, reference, place, expected, source, label, path, pointer, line)
            self._issues.append(tuple.__new__(Issue, fields))

    def _hide(self, reason: str, kind: str, name: str, by: str = "") -> None:
        key = (reason, kind, name, by)
        self._hidden[key] = self._hidden.get(key, 0) + 1

    def _duplicate(
        self, reading: Reading, pointer: str, file: FileReadings, known: EntryVersion, digest: bytes
    ) -> None:
        same = digest == reading.digest
        issue = Issue(
            type="source",
            severity="warning" if same else "error",
            message=f"the version stands twice in this source, first in {known.file}"
            + (" with the same content" if same else " with other content"),
            reference="duplicate-version",
            expected="each version once",
        )
        self._report((issue,), reading.label, file, pointer, refused=True)

    def _version(self, reading: Reading, file: FileReadings, snapshot: Snapshot, key: VersionKey) -> EntryVersion:
        kind, name, label, text, digest, carried, meta, title, description, tags, facets, stated, claims, _ = reading
        official = None
        if self._is_plain and carried is NOTHING_CARRIED:
            official = self._dated.get("deprecated" if stated in _OUTDATED else "active")
        if official is None:
            status = self._statuses.get((kind, key[1]), {}).get(label) if self._statuses else None
            if status is not None:
                text = _with_status(reading, status)
                digest = digest if text is reading.text else digest_of(text, meta)
            official = self._official(reading, status, file, key, digest, snapshot.entry_times.get(key))
        claims = claims or snapshot.claims or self._rules.claims
        source, path = self._rules.name, file.raw.path
        # As `_make` does: this runs once for every version of the registry.
        return tuple.__new__(
            EntryVersion,
            (kind, name, label, text, official, digest, meta, title, description, tags, facets, claims, source, path),
        )

    def _official(  # noqa: PLR0917 - the hot path
        self,
        reading: Reading,
        status: Status | None,
        file: FileReadings,
        key: VersionKey,
        digest: bytes,
        own_times: Times | None,
    ) -> Official:
        carried, previous = reading.carried, self._previous.get(key)
        value, message = _status_of(reading, status)
        is_plain = carried is NOTHING_CARRIED and status is None and previous is None and own_times is None
        if is_plain and (shared := self._dated.get(value)):
            return shared
        dated = own_times or file.raw.times or self._file_times(file.last_updated)
        published = carried.published_at or (previous.official.published_at if previous else "")
        if not published:
            # The time of the file itself dates only what nothing else does: it differs between two checkouts.
            dated = dated or self._file_times(file.raw.modified)
            if dated is None:
                raise _NoTimeError
            published = dated.added
        updated = carried.updated_at or self._updated(previous, dated, digest, value, message) or published
        changed = status.changed_at if status else carried.status_changed_at
        if status and (moment := status.updated_at or status.changed_at):
            updated = _later(updated, moment)
        if not changed:
            changed = self._status_changed(previous, value, published, updated)
        official = Official(
            status=value,
            status_message=message,
            status_changed_at=changed,
            published_at=published,
            updated_at=_later(updated, published),
            is_latest=False,
        )
        if is_plain:
            self._dated[value] = official
        return official

    def _updated(
        self, previous: PreviousVersion | None, dated: Times | None, digest: bytes, status: StatusValue, message: str
    ) -> str:
        if previous is None:
            return dated.changed if dated else ""
        before = previous.official
        if (before.status, before.status_message) == (status, message) and previous.digest == digest:
            return before.updated_at
        after = dated.changed if dated else ""
        moved = bool(after) and time_key(after) > time_key(before.updated_at)
        return after if moved else self._now

    @staticmethod
    def _status_changed(previous: PreviousVersion | None, status: StatusValue, published: str, updated: str) -> str:
        if previous is not None and previous.official.status == status:
            return previous.official.status_changed_at
        return published if status == "active" and previous is None else updated

    @staticmethod
    def _file_times(moment: str) -> Times | None:
        return Times(added=moment, changed=moment) if moment else None


class _NoTimeError(RegistryError):
    """Nothing dates a version."""


_NO_TIME = Issue(
    type="source",
    severity="error",
    message="nothing says when this version was published",
    reference="no-publication-time",
    expected="a checkout with its history (fetch-depth: 0), meta.last_updated in the file, "
    "or publishedAt in the entry's official block",
)


#: What documents say of themselves where clients had better use another server.
_OUTDATED: Final = frozenset(("deprecated", "archived"))


def _status_of(reading: Reading, status: Status | None) -> tuple[StatusValue, str]:
    """Return status and message: a status file, then the official block, then what the document says of itself."""
    if status is not None:
        return status.status, status.message if status.status != "active" else ""
    carried = reading.carried
    if carried.status is not None:
        return carried.status, carried.status_message if carried.status != "active" else ""
    return ("deprecated" if reading.own_status in _OUTDATED else "active"), ""


def restated(version: EntryVersion, status: Status) -> EntryVersion:
    """Return a version of any source as a status file states it anew."""
    before = version.official
    official = before._replace(
        status=status.status,
        status_message=status.message if status.status != "active" else "",
        status_changed_at=status.changed_at or before.status_changed_at,
        updated_at=_later(before.updated_at, status.updated_at or status.changed_at or before.updated_at),
    )
    return version._replace(official=official)


def _with_status(reading: Reading, status: Status) -> bytes:
    """Return the served text; skills and plugins are served bare, so that a status file shows in their own field."""
    if reading.kind == "server" or reading.own_status == status.status:
        return reading.text
    return compact_text({**parse_json(reading.text), "status": status.status})


def _later(left: str, right: str) -> str:
    return left if left == right or time_key(left) >= time_key(right) else right
