"""A git repository to a snapshot: sources of type ``git``.

The repository is copied into the cache folder (`regpress.sources.gitmirror`), so that a later build needs only what
is new, and none of the network when the commit is pinned. Imported only where a git source is configured.
"""

from __future__ import annotations

import difflib
import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from regpress.errors import ConfigError, SourceMalformedError, SourceUnavailableError
from regpress.model import config_checks as checks
from regpress.model.config_source import GitSettings, SourceConfig
from regpress.model.entry import RawFile, Snapshot, Times
from regpress.model.issue import Issue
from regpress.model.registry import read_candidates
from regpress.names import SourceName
from regpress.sources.base import source_issue
from regpress.sources.entrytimes import EntryKey, entry_times, undated_entries
from regpress.sources.gitcommand import (
    FILE_MODES,
    MEBIBYTE,
    Credentials,
    GitFailedError,
    GitMissingError,
    TreeEntry,
    printable,
)
from regpress.sources.gitmirror import Advertised, Mirror
from regpress.sources.history import file_times
from regpress.sources.http import AddressRule, public_only
from regpress.sources.tree import is_leftover
from regpress.times import from_epoch

#: As ToolHive's git driver, for what is read.
MAX_FILES: Final = 10_000
MAX_BYTES: Final = 100 * MEBIBYTE
#: Longest network command, in seconds.
TIMEOUT: Final = 300.0

_MAX_PASSWORD_BYTES: Final = 64 * 1024
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_SEARCHED_FOR_NAMES: Final = 2_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
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
        mirror = Mirror(
            folder=self.cache / "git", address=self.address, credentials=self._credentials, timeout=self.timeout
        )
        try:
            with mirror.locked():
                return _Fetch(source=self, mirror=mirror).snapshot()
        except GitMissingError as error:
            raise SourceUnavailableError(self.name, str(error)) from error
        except GitFailedError as error:
            raise SourceUnavailableError(self.name, f"{self.shown}: {error}") from error
        except OSError as error:
            message = (
                f"the cache folder {self.cache} cannot be used: {error.strerror or error} (expected one to write to)"
            )
            raise SourceUnavailableError(self.name, message) from error

    @property
    def shown(self) -> str:
        """Return how messages call the repository."""
        return printable(self.settings.repository)

    def check_host(self) -> None:
        """Hold that the host of the repository is none that must not be asked.

        Raises:
            SourceUnavailableError: it is.
        """
        parts = urlsplit(self.address)
        if self.address_rule is None or parts.scheme == "file" or not parts.hostname:
            return
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
        except OSError:
            return  # git will say so, unless a proxy knows the host
        for *_, place in found:
            if problem := self.address_rule(str(place[0])):
                message = f"{self.shown}: {problem} (expected a public host, or site.trust to allow private addresses)"
                raise SourceUnavailableError(self.name, message)

    def _credentials(self) -> Credentials | None:
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


@dataclass(slots=True, kw_only=True)
class _Fetch:
    """The state of one fetch, while the copy is locked."""

    source: GitSource
    mirror: Mirror
    issues: list[Issue] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        self._note_settings()
        commit = self._commit()
        noted = len(self.issues)
        try:
            return self._read(commit)
        except GitFailedError:
            del self.issues[noted:]
            return self._read(self._renewed())

    def _read(self, commit: str) -> Snapshot:
        """Return what *commit* has.

        Raises:
            GitFailedError: the copy is damaged.
        """
        files = self._files(commit)
        raw, dated = self._with_times(commit, files)
        self.mirror.keep(self._key, commit)
        return Snapshot(
            source=self.source.name,
            files=raw,
            revision=commit,
            entry_times=dated,
            claims=self.source.claims,
            issues=tuple(self.issues),
        )

    @property
    def _kind(self) -> str:
        return self.source.settings.ref[0] if self.source.settings.ref else "default"

    @property
    def _ref(self) -> str:
        return self.source.settings.ref[1] if self.source.settings.ref else ""

    @property
    def _key(self) -> str:
        return f"{self._kind}:{self._ref}"

    @property
    def _what(self) -> str | None:
        """Return what the mirror is asked for; None for everything, where only that can hold a shortened commit."""
        if self._kind == "commit":
            return self._ref.lower() if len(self._ref) in {40, 64} else None
        return {"branch": "refs/heads/", "tag": "refs/tags/", "default": "HEAD"}[self._kind] + self._ref

    @property
    def _path(self) -> str:
        return "/".join(part for part in self.source.settings.path.split("/") if part not in {"", "."})

    def _note_settings(self) -> None:
        settings = self.source.settings
        given = [key for key in ("commit", "branch", "tag") if getattr(settings, key) is not None]
        if len(given) > 1:
            message = f"{' and '.join(given)} are given; the {given[0]} {self._ref!r} counts"
            self._warn("git-several-refs", message, "one of commit, branch and tag")
        if settings.auth and self.source.address.startswith("http:"):
            self._warn("git-plain-http", "the password is sent over http, readable on the way", "an https address")

    def _commit(self) -> str:
        """Return the commit to read, from the remote if that is needed and possible, else from the copy."""
        pinned = self.mirror.repository.commit(self._ref.lower()) if self._kind == "commit" else None
        if pinned:
            return pinned
        try:
            return self._updated()
        except GitFailedError as error:
            kept = self.mirror.kept(self._key)
            if error.refused:
                raise self._unavailable(f"refuses access: {error}", self._wanted_credentials()) from error
            if kept is None:
                raise self._unavailable(f"cannot be fetched: {error}") from error
            moment = from_epoch(self.mirror.repository.committed_at(kept))
            message = f"cannot be fetched ({error}); its state from the cache is used: commit {kept[:12]} of {moment}"
            self._warn("git-offline", f"{self.source.shown}: {message}")
            return kept

    def _wanted_credentials(self) -> str:
        given = self.source.settings.auth is not None
        return "a valid password or token in auth.passwordFile" if given else "auth with username and passwordFile"

    def _updated(self) -> str:
        self.source.check_host()
        advertised = self.mirror.advertised()
        if self._kind == "commit":
            return self._pinned()
        name = self._what or ""
        if name not in advertised.refs:
            raise self._no_ref(advertised)
        # An annotated tag is an object of its own; the second line is the commit that it is about.
        current = advertised.refs.get(f"{name}^{{}}", advertised.refs[name])
        if self.mirror.kept(self._key) == current:
            return current
        self.mirror.update(name)
        commit = self.mirror.incoming()
        if commit is None:
            raise SourceMalformedError(
                self.source.name, f"{self.source.shown}: {self._kind} {self._ref!r} leads to no commit (expected one)"
            )
        return commit

    def _pinned(self) -> str:
        for what in dict.fromkeys((self._what, None)):
            try:
                self.mirror.update(what)
            except GitFailedError:
                if what is None:
                    raise
                continue  # not every server gives single commits
            if commit := self.mirror.repository.commit(self._ref.lower()):
                return commit
        raise self._unavailable(f"has no commit {self._ref}", "one that its branches or tags lead to")

    def _renewed(self) -> str:
        """Make a damaged copy anew and return the commit to read."""
        self.mirror.advertised()
        self.mirror.renew(self._what)
        commit = self.mirror.repository.commit(self._ref.lower()) if self._kind == "commit" else self.mirror.incoming()
        if commit is None:
            raise self._unavailable("has not the wanted commit any more")
        return commit

    def _no_ref(self, advertised: Advertised) -> SourceUnavailableError:
        if self._kind == "default":
            return self._unavailable("has no commits, or no default branch", "a repository with one, or 'branch'")
        names = advertised.names({"branch": "refs/heads/", "tag": "refs/tags/"}[self._kind])
        names = [name for name in names if not name.endswith("^{}")]
        other = {"branch": "refs/tags/", "tag": "refs/heads/"}[self._kind] + self._ref
        hint = f"; there is a {'tag' if self._kind == 'branch' else 'branch'} of that name" * (other in advertised.refs)
        return self._unavailable(
            f"has no {self._kind} {self._ref!r}{hint}", _near(self._ref, names) or f"a {self._kind}"
        )

    def _files(self, commit: str) -> list[tuple[str, bytes]]:
        """Return paths and contents, sorted by path.

        Raises:
            GitFailedError: the copy is damaged.
        """
        entries = self._entries(commit)
        if len(entries) > self.source.max_files:
            raise self._malformed(f"has {len(entries)} files", f"at most {self.source.max_files}")
        sizes = self._sizes([entry.object_id for entry in entries])
        if (total := sum(sizes[entry.object_id] for entry in entries)) > self.source.max_bytes:
            raise self._malformed(f"has {total} bytes", f"at most {self.source.max_bytes}")
        contents = self.mirror.repository.read(sizes)
        return sorted((entry.path, contents[entry.object_id]) for entry in entries)

    def _entries(self, commit: str) -> list[TreeEntry]:
        repository, path = self.mirror.repository, self._path
        found = repository.tree_entry(commit, path)
        if found is None:
            names = [entry.path for entry in repository.tree_files(commit) if entry.path.endswith(".json")]
            raise self._malformed("does not exist", _near(path, names) or "a file or folder", commit)
        if found.kind == "tree":
            return self._folder(found, path)
        if found.mode not in FILE_MODES:
            raise self._malformed(f"is {_link_word(found)}, which is not followed", "a file or folder", commit)
        return [found]

    def _folder(self, folder: TreeEntry, path: str) -> list[TreeEntry]:
        entries: list[TreeEntry] = []
        for entry in self.mirror.repository.tree_files(folder.object_id):
            place = f"{path}/{entry.path}" if path else entry.path
            if any(is_leftover(part) for part in entry.path.split("/")):
                continue
            if entry.mode in FILE_MODES:
                entries += [entry._replace(path=place)] if entry.path.endswith(".json") else []
            elif entry.kind == "commit" or entry.path.endswith(".json"):
                message = f"this is {_link_word(entry)}, which is not followed"
                self._warn("git-link", message, "a file", file=place)
        if not entries:
            self._warn("empty-folder", "the folder has no file that ends in .json", file=path)
        return entries

    def _sizes(self, blobs: Sequence[str]) -> dict[str, int]:
        """Return the sizes of *blobs*, after the missing ones were fetched."""
        repository = self.mirror.repository
        wanted = list(dict.fromkeys(blobs))
        sizes = repository.sizes(wanted)
        for bring in (self._fetch_blobs, self._fetch_everything):
            if missing := [blob for blob in wanted if blob not in sizes]:
                self.source.check_host()
                try:
                    bring(missing)
                except GitFailedError as error:
                    if bring == self._fetch_everything:
                        raise self._unavailable(f"does not give the files: {error}") from error
                sizes |= repository.sizes(missing)
        if len(sizes) != len(wanted):
            raise self._unavailable("does not give all files")
        return sizes

    def _fetch_blobs(self, missing: Sequence[str]) -> None:
        self.mirror.fetch_blobs(missing)

    def _fetch_everything(self, _: Sequence[str]) -> None:
        # The server sends parts, but no single objects.
        self.mirror.renew(self._what, whole=True)

    def _with_times(
        self, commit: str, files: Iterable[tuple[str, bytes]]
    ) -> tuple[tuple[RawFile, ...], dict[EntryKey, Times]]:
        repository = self.mirror.repository
        files = list(files)
        times = file_times(repository, commit, [self._path] if self._path else [])
        dated: dict[EntryKey, Times] = {}
        made: list[RawFile] = []
        for path, data in files:
            if len(files) == 1 and data.startswith(_LFS_POINTER):
                raise self._malformed("is stored in Git LFS, which is not read", "an ordinary file", commit)
            raw = RawFile(path=printable(path, len(path)), data=data, times=times.get(path))
            dated |= self._entry_times(commit, path, raw)
            made.append(raw)
        if repository.shallow_commits():
            self._warn("git-shallow", "the remote repository lacks its older history", "a complete repository")
        return tuple(made), dated

    def _entry_times(self, commit: str, path: str, raw: RawFile) -> dict[EntryKey, Times]:
        result = read_candidates(raw)
        if result.format in {"", "document"}:
            return {}
        found = entry_times(
            self.mirror.repository,
            commit,
            path,
            undated_entries(result.candidates),
            cache=self.source.cache / "entries",
            fetch=self.mirror.fetch_blobs,
        )
        if found.unread:
            message = f"{found.unread} older versions of the file could not be read; times of entries may be too late"
            self._warn("git-history-incomplete", message, file=raw.path, severity_info=True)
        return found.times

    def _unavailable(self, what: str, expected: str = "") -> SourceUnavailableError:
        text = f"{self.source.shown}: {what}" + (f" (expected {expected})" if expected else "")
        return SourceUnavailableError(self.source.name, text)

    def _malformed(self, what: str, expected: str, commit: str = "") -> SourceMalformedError:
        at = f" at {self._kind} {self._ref}" if self._ref else f" at commit {commit[:12]}" if commit else ""
        place = f"{self.source.shown}: {printable(self.source.settings.path)}"
        return SourceMalformedError(self.source.name, f"{place}{at}: {what} (expected {expected})")

    def _warn(
        self, reference: str, message: str, expected: str = "", *, file: str = "", severity_info: bool = False
    ) -> None:
        severity = "info" if severity_info else "warning"
        self.issues.append(
            source_issue(self.source.name, printable(file), reference, message, expected, severity=severity)  # type: ignore[arg-type]
        )


def _link_word(entry: TreeEntry) -> str:
    return "a submodule" if entry.kind == "commit" else "a symbolic link"


def _near(name: str, names: Sequence[str]) -> str:
    """Return the most similar of *names* for a message, or some of them."""
    searched = names[:_SEARCHED_FOR_NAMES]
    chosen = difflib.get_close_matches(name, searched, n=3, cutoff=0.5) or list(searched[:5])
    return ("one of " if len(chosen) > 1 else "") + ", ".join(repr(printable(found, 80)) for found in chosen)
