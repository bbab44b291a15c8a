"""A git repository to a snapshot: sources of type ``git``.

The repository is copied into the cache folder (`regpress.sources.gitmirror`), so that a later build needs only what
is new, and none of the network when the commit is pinned. Imported only where a git source is configured.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from regpress.errors import ConfigError, SourceUnavailableError
from regpress.model import config_checks as checks
from regpress.model.config_source import GitSettings, SourceConfig
from regpress.model.entry import RawFile, Snapshot, Times
from regpress.model.formats import holds_one_document
from regpress.model.registry import read_candidates
from regpress.names import SourceName
from regpress.record import record
from regpress.sources.entryindex import EntryKey, undated_entries
from regpress.sources.entrytimes import entry_times
from regpress.sources.gitcommand import MEBIBYTE, Credentials, GitFailedError, GitMissingError, printable
from regpress.sources.gitfiles import FileReader
from regpress.sources.gitmirror import Mirror
from regpress.sources.gitnotes import Notes
from regpress.sources.gitref import Ref, RefReader
from regpress.sources.history import file_times
from regpress.sources.http import AddressRule, public_only

#: As ToolHive's git driver, for what is read.
MAX_FILES: Final = 10_000
MAX_BYTES: Final = 100 * MEBIBYTE
#: Longest network command, in seconds.
TIMEOUT: Final = 300.0

_MAX_PASSWORD_BYTES: Final = 64 * 1024


def open_git_source(
    config: SourceConfig, *, cache: Path, site_root: Path | None = None, allow_private_addresses: bool = False
) -> GitSource:
    """Return the source that *config* describes, not yet fetched.

    Args:
        config: one entry of ``sources``, of type ``git``.
        cache: folder for copies of repositories.
        site_root: the site's folder, to which a local path is relative; the current folder where it is not given.
        allow_private_addresses: whether hosts in private networks may be asked, ``site.trust``.

    Raises:
        ConfigError: the address, ref or path is one that git must not be given.
    """
    assert config.git is not None
    return GitSource(
        name=SourceName(config.name),
        settings=config.git,
        cache=cache,
        site_root=site_root or Path(),
        claims=config.claims,
        address_rule=None if allow_private_addresses else public_only,
    )


@record(kw_only=True)
class GitSource:
    """A registry document, or a folder of them, in a git repository.

    Attributes:
        name: the source's name in the configuration.
        settings: which repository, ref and path.
        cache: folder for copies of repositories and for what was found in their history.
        site_root: the site's folder, to which a local path is relative.
        claims: claims of the source as a whole.
        address_rule: which IP addresses the host may have; None for all. Judged before git connects; git resolves
            the name again, and follows redirects.
        timeout: longest network command, and longest wait for another build, in seconds.
        max_files: most files of a folder.
        max_bytes: most bytes of the files together.

    Raises:
        ConfigError: the address, ref or path is one that git must not be given.
    """

    name: SourceName
    settings: GitSettings
    cache: Path
    site_root: Path = field(default_factory=Path)
    claims: Mapping[str, Any] = field(default_factory=dict)
    address_rule: AddressRule | None = public_only
    timeout: float = TIMEOUT
    max_files: int = MAX_FILES
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        """Refuse again what the configuration refuses: settings can be made in other ways too."""
        settings = self.settings
        found = {
            "repository": checks.repository_problem(settings.repository) or _address_problem(settings.repository),
            "branch": checks.ref_problem(settings.branch) if settings.branch is not None else None,
            "tag": checks.ref_problem(settings.tag) if settings.tag is not None else None,
            "commit": checks.commit_problem(settings.commit) if settings.commit is not None else None,
            "path": checks.inner_path_problem(settings.path),
        }
        problems = [f"sources: {self.name}: git.{key}: {problem}" for key, problem in found.items() if problem]
        if problems:
            raise ConfigError(*problems)

    @property
    def address(self) -> str:
        """Return the address that git is given: https, http or file."""
        scheme, separator, rest = self.settings.repository.partition("://")
        if separator:
            return f"{scheme.lower()}://{rest.rstrip('/')}"
        return Path(os.path.abspath(self.site_root / self.settings.repository)).as_uri()  # noqa: PTH100  # keeps links

    def fetch(self) -> Snapshot:
        """Return the file, or every ``*.json`` file below the folder, as the ref has it now.

        Without the network it is what the ref was when it was last fetched, and an issue says so.

        Raises:
            SourceUnavailableError: the repository cannot be reached and there is no copy; it refuses, or has no such
                ref; there is no git program; the cache folder cannot be used.
            SourceMalformedError: the ref has no such path, or too much below it.
        """
        notes = Notes(source=self.name, repository=printable(self.settings.repository))
        mirror = Mirror(
            folder=self.cache / "git", address=self.address, credentials=self._credentials, timeout=self.timeout
        )
        try:
            with mirror.locked():
                return _Reading(source=self, mirror=mirror, notes=notes).snapshot()
        except GitMissingError as error:
            raise SourceUnavailableError(self.name, str(error)) from error
        except GitFailedError as error:
            raise notes.unavailable(str(error)) from error
        except OSError as error:
            message = (
                f"the cache folder {self.cache} cannot be used: {error.strerror or error} (expected one to write to)"
            )
            raise SourceUnavailableError(self.name, message) from error

    def _check_host(self) -> None:
        parts = urlsplit(self.address)
        if self.address_rule is None or parts.scheme == "file" or not parts.hostname:
            return
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
        except OSError:
            return  # git will say so, unless a proxy knows the host
        for *_, place in found:
            if problem := self.address_rule(str(place[0])):
                expected = "a public host, or site.trust to allow private addresses"
                message = f"{printable(self.settings.repository)}: {problem} (expected {expected})"
                raise SourceUnavailableError(self.name, message)

    def _credentials(self) -> Credentials | None:
        """Return who asks, read anew each time, after the host was found to be one that may be asked."""
        self._check_host()
        auth = self.settings.auth
        parts = urlsplit(self.address)
        if auth is None or parts.scheme == "file":
            return None
        place = f"git.auth.passwordFile: {printable(auth.password_file)}"
        try:
            with Path(auth.password_file).open("rb") as file:
                password = file.read(_MAX_PASSWORD_BYTES + 1).decode().strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "is not text"
            raise SourceUnavailableError(self.name, f"{place}: {reason} (expected a file with the password)") from error
        if problem := checks.text_problem(password):
            raise SourceUnavailableError(self.name, f"{place}: {problem} (expected the password on one line)")
        return Credentials(host=parts.netloc, username=auth.username, password=password)


def _address_problem(text: str) -> str | None:
    """Return what else is wrong with an address that git would be given."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() == "file":
        return None
    if "?" in rest or "#" in rest:
        return "contains a query or fragment"
    return "contains '..'" if ".." in rest.split("/") else None


@record(kw_only=True)
class _Reading:
    """One fetch, while the copy is locked."""

    source: GitSource
    mirror: Mirror
    notes: Notes

    def snapshot(self) -> Snapshot:
        self._note_settings()
        refs = RefReader(
            mirror=self.mirror, ref=self._ref, notes=self.notes, has_password=self.source.settings.auth is not None
        )
        commit = refs.commit()
        noted = len(self.notes.issues)
        try:
            return self._read(commit)
        except GitFailedError:
            del self.notes.issues[noted:]
            return self._read(refs.renewed())

    @property
    def _ref(self) -> Ref:
        return Ref.of(self.source.settings)

    def _note_settings(self) -> None:
        settings = self.source.settings
        given = [key for key in ("commit", "branch", "tag") if getattr(settings, key) is not None]
        if len(given) > 1:
            message = f"{' and '.join(given)} are given; {self._ref} counts"
            self.notes.add("git-several-refs", message, "one of commit, branch and tag")
        if settings.auth and self.source.address.startswith("http:"):
            self.notes.add("git-plain-http", "the password is sent over http, readable on the way", "an https address")

    def _read(self, commit: str) -> Snapshot:
        """Return what *commit* has.

        Raises:
            GitFailedError: the copy is damaged.
        """
        path = "/".join(part for part in self.source.settings.path.split("/") if part not in {"", "."})
        reader = FileReader(
            mirror=self.mirror,
            ref=self._ref,
            path=path,
            notes=self.notes,
            max_files=self.source.max_files,
            max_bytes=self.source.max_bytes,
        )
        files = reader.files(commit)
        times = file_times(self.mirror.repository, commit, [path] if path else [])
        dated: dict[EntryKey, Times] = {}
        made: list[RawFile] = []
        for name, data in files:
            raw = RawFile(path=printable(name, len(name)), data=data, times=times.get(name))
            dated |= self._entry_times(commit, name, raw)
            made.append(raw)
        if self.mirror.repository.shallow_commits():
            self.notes.add("git-shallow", "the remote repository lacks its older history", "a complete repository")
        self.mirror.keep(self._ref.key, commit)
        return Snapshot(
            source=self.source.name,
            files=tuple(made),
            revision=commit,
            entry_times=dated,
            claims=self.source.claims,
            issues=tuple(self.notes.issues),
        )

    def _entry_times(self, commit: str, path: str, raw: RawFile) -> dict[EntryKey, Times]:
        if holds_one_document(raw.data):
            return {}
        found = entry_times(
            self.mirror.repository,
            commit,
            path,
            undated_entries(read_candidates(raw).candidates),
            cache=self.source.cache / "entries",
            fetch=self.mirror.fetch_blobs,
        )
        if found.unread:
            message = f"{found.unread} older versions of the file could not be read; times of entries may be too late"
            self.notes.add("git-history-incomplete", message, file=path, severity="info")
        return found.times
