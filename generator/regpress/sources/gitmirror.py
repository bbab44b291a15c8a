"""A remote git repository to a bare copy of it in the cache folder, with no more than what a ref needs.

The copy has all commits and folders of the refs that were asked for, so that history can be told, and of the files
only those that were asked for, where the server can send parts. It never holds a password. One build at a time uses
it; a copy that is damaged is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from regpress.record import record
from regpress.sources.gitcommand import MEBIBYTE, Credentials, GitFailedError, Remote
from regpress.sources.gitrepository import GitRepository

#: Blobs asked for in one command, as arguments.
_BATCH: Final = 500
#: A copy that was added to so often is slow to read.
_MAX_PACKS: Final = 200
_ALL_REFS: Final = ("+refs/heads/*:refs/regpress/all/heads/*", "+refs/tags/*:refs/regpress/all/tags/*")
_INCOMING: Final = "refs/regpress/incoming"

#: Asked by git for a name and a password. The host in the question is compared, so that a redirect to another one
#: learns nothing; quoted parts of a pattern are literal.
_ASKPASS: Final = r"""#!/bin/sh
case "$1" in
  "Username for 'http://$REGPRESS_GIT_HOST': " | "Username for 'https://$REGPRESS_GIT_HOST': ")
    printf '%s\n' "$REGPRESS_GIT_USERNAME" ;;
  "Password for 'http://"*"@$REGPRESS_GIT_HOST': " | "Password for 'https://"*"@$REGPRESS_GIT_HOST': ")
    printf '%s\n' "$REGPRESS_GIT_PASSWORD" ;;
  *) exit 1 ;;
esac
"""


class GitBusyError(GitFailedError):
    """Another build holds the copy."""


@record(kw_only=True)
class Advertised:
    """What a remote says about itself.

    Attributes:
        refs: full names of branches and tags, and ``HEAD``, to object ids.
        default_branch: the branch that ``HEAD`` names; empty where the remote does not say.
    """

    refs: dict[str, str]
    default_branch: str = ""

    def names(self, prefix: str) -> list[str]:
        """Return the refs below *prefix*, without it: ``refs/heads/`` for the branches."""
        return sorted(ref.removeprefix(prefix) for ref in self.refs if ref.startswith(prefix))


@dataclass(slots=True, kw_only=True)
class Mirror:
    """The copy of one remote repository.

    Attributes:
        folder: the cache folder that holds all copies.
        address: the remote's address: https, http or file, without credentials.
        credentials: reads them anew; called only where the network is needed.
        timeout: longest network command and longest wait for another build, in seconds.
    """

    folder: Path
    address: str
    credentials: Callable[[], Credentials | None] = field(default=lambda: None)
    timeout: float = 300.0
    _sha256: bool = False

    @property
    def place(self) -> Path:
        """Return the folder of this copy: its name is a digest of the address."""
        return self.folder / hashlib.sha256(self.address.encode()).hexdigest()[:32]

    @property
    def repository(self) -> GitRepository:
        """Return the copy as it is on disk; it need not exist."""
        return GitRepository(self.place)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other builds, also in other processes, from the copy.

        Raises:
            GitBusyError: another build kept it for the whole timeout.
            OSError: the cache folder cannot be written.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.place.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(handle)
            yield
        finally:
            os.close(handle)  # the lock goes with it, also when the process dies

    def advertised(self) -> Advertised:
        """Ask the remote for its refs.

        Raises:
            GitFailedError: it cannot be reached, or refuses.
        """
        remote = self._remote()
        # Not in the copy, which may not exist: a damaged one must not look like a remote that fails.
        printed = GitRepository(self.folder).run(
            "ls-remote", "--symref", "--end-of-options", self.address, remote=remote, limit=64 * MEBIBYTE
        )
        refs: dict[str, str] = {}
        default = ""
        for line in printed.decode("utf-8", "replace").splitlines():
            target, _, ref = line.partition("\t")
            if target.startswith("ref: "):
                default = target.removeprefix("ref: refs/heads/") if ref == "HEAD" else default
            else:
                refs[ref] = target
                self._sha256 = len(target) == 64
        return Advertised(refs=refs, default_branch=default)

    def update(self, what: str | None) -> None:
        """Bring *what* into the copy as `incoming`; a copy that cannot take it is made anew.

        Args:
            what: the full name of a ref, or a commit's full id; None for all branches and tags.

        Raises:
            GitFailedError: the remote does not give it.
        """
        if not self._is_worn():
            with contextlib.suppress(GitFailedError):
                self._fetch(self.repository, what)
                return
        self.renew(what)

    def renew(self, what: str | None, *, whole: bool = False) -> None:
        """Make the copy anew; the old one stays where that fails.

        Args:
            what: as for `update`.
            whole: whether to fetch all files, from a server that does not give single ones.

        Raises:
            GitFailedError: the remote does not give it.
        """
        fresh = self.place.with_suffix(".new")
        _remove(fresh)
        try:
            repository = GitRepository(fresh)
            form = ("--object-format=sha256",) if self._sha256 else ()
            repository.run("init", "--quiet", "--bare", "--template=", *form)
            repository.run("config", "remote.origin.url", self.address)
            self._fetch(repository, what, whole=whole)
            _remove(self.place)
            fresh.rename(self.place)
        finally:
            _remove(fresh)

    def fetch_blobs(self, blobs: Iterable[str]) -> None:
        """Bring the contents of files into the copy.

        Raises:
            GitFailedError: the remote cannot be reached or does not give single objects.
        """
        wanted = list(dict.fromkeys(blobs))
        for start in range(0, len(wanted), _BATCH):
            self._fetch_objects(self.repository, wanted[start : start + _BATCH])

    def keep(self, key: str, commit: str) -> None:
        """Remember *commit* as what *key* stood for when everything that it needs was there.

        Raises:
            GitFailedError: the copy cannot be written.
        """
        self.repository.run("update-ref", _ref(key), commit)

    def kept(self, key: str) -> str | None:
        """Return the commit that was last kept for *key*, or None."""
        return self.repository.commit(_ref(key))

    def incoming(self) -> str | None:
        """Return the commit that the last `update` or `renew` brought."""
        return self.repository.commit(_INCOMING)

    def _wait(self, handle: int) -> None:
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise GitBusyError(f"another build has been using its copy for {self.timeout:g} seconds") from None
                time.sleep(0.05)
            else:
                return

    def _is_worn(self) -> bool:
        packs = self.place / "objects" / "pack"
        return not packs.is_dir() or sum(1 for _ in packs.glob("*.pack")) > _MAX_PACKS

    def _fetch(self, repository: GitRepository, what: str | None, *, whole: bool = False) -> None:
        refs = ("--prune", "origin", *_ALL_REFS) if what is None else ("origin", f"+{what}:{_INCOMING}")
        self._network_fetch(repository, *refs, whole=whole)

    def _fetch_objects(self, repository: GitRepository, objects: Sequence[str]) -> None:
        # Without a common commit to start from, as git itself asks for what a partial copy lacks: a server may leave
        # out what a complete copy would have with that commit.
        self._network_fetch(repository, "--negotiation-tip=refs/regpress/none/*", "origin", *objects)

    def _network_fetch(self, repository: GitRepository, *arguments: str, whole: bool = False) -> None:
        # The promise of more objects stands on the command line only: with it in the configuration, a command that
        # reads would go to the network for each object that it misses.
        promise = ("-c", "remote.origin.promisor=true", "-c", "remote.origin.partialclonefilter=blob:none")
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--update-shallow")
        settings, filters = ((), ()) if whole else (promise, ("--filter=blob:none",))
        repository.run(*settings, "fetch", *options, *filters, *arguments, remote=self._remote())

    def _remote(self) -> Remote:
        scheme = self.address.partition(":")[0]
        credentials = self.credentials()
        return Remote(
            protocols="http:https" if scheme == "http" else scheme,
            timeout=self.timeout,
            credentials=credentials,
            askpass=self._askpass() if credentials else None,
        )

    def _askpass(self) -> Path:
        # Renamed into place, and of the copy that this build has locked: it is never written while it is run.
        program, fresh = self.place.with_suffix(".askpass"), self.place.with_suffix(".askpass-new")
        fresh.write_text(_ASKPASS)
        fresh.chmod(0o700)
        return fresh.replace(program)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def _ref(key: str) -> str:
    # Flat and in one case, so that no two keys can be in each other's way on any disk.
    return f"refs/regpress/kept/{hashlib.sha256(key.encode()).hexdigest()[:32]}"
