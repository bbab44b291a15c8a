"""Pictures of entries as files of the site: ``icons.lock.json`` says which bytes, a folder keeps them.

The lock file belongs to the site and names a digest for each address. A build takes what the folder has, fetches what
it lacks, and uses nothing that has another digest: with the same lock file the site is the same, whatever the
addresses answer today. Only `IconStore.renew` changes the lock file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from regpress.digest import canonical_json, digest
from regpress.errors import ConfigError
from regpress.model.issue import Issue
from regpress.record import record
from regpress.sources.http import AddressRule, FetchError, fetch, public_only, shown_url
from regpress.storage import replace_file, storage_error

LOCK_FILE: Final = "icons.lock.json"
#: Most bytes of a picture.
MOST_BYTES: Final = 256 * 1024
_TIMEOUT: Final = 15.0
_ACCEPT: Final = "image/svg+xml, image/webp, image/png, image/jpeg"


class Renewed(NamedTuple):
    """What became of the lock file.

    Attributes:
        kept, added, removed: numbers of addresses.
        refused: addresses that have no usable picture, with the reason.
    """

    kept: int
    added: int
    removed: int
    refused: tuple[tuple[str, str], ...]


@record(kw_only=True)
class IconStore:
    """The pictures of one site.

    Attributes:
        lock_file: of the site.
        folder: where their bytes are kept between builds; can be made anew.
        kind_of: returns which kind of picture bytes are, empty for what may not be a file of the site.
        address_rule: which IP addresses may be connected to; None for all.
    """

    lock_file: Path
    folder: Path
    kind_of: Callable[[bytes], str]
    address_rule: AddressRule | None = public_only

    def load(self) -> tuple[dict[str, bytes], tuple[Issue, ...]]:
        """Return the locked pictures by address, and a warning for each that cannot be had as it is locked.

        Raises:
            ConfigError: the lock file cannot be used.
        """
        found: dict[str, bytes] = {}
        issues = []
        for url, locked in self.locked().items():
            try:
                found[url] = self._picture(url, locked)
            except FetchError as error:
                issues.append(_issue(url, str(error)))
        return found, tuple(issues)

    def renew(self, urls: Iterable[str], *, again: bool = False) -> Renewed:
        """Lock the pictures at *urls*: those that are locked stay as they are, new ones are fetched, others go.

        Args:
            urls: what the entries name.
            again: fetch the locked ones too, and lock what they are now.

        Raises:
            ConfigError: the lock file cannot be used.
            StorageError: it cannot be written.
        """
        before = self.locked()
        after: dict[str, str] = {}
        refused = []
        for url in sorted(set(urls)):
            try:
                after[url] = before[url] if url in before and not again else self._fetch(url)
            except FetchError as error:
                refused.append((shown_url(url), str(error)))
        try:
            if after != before:
                replace_file(self.lock_file, canonical_json({"icons": after}))
        except OSError as error:
            raise storage_error(str(self.lock_file), error) from error
        kept = len(before.keys() & after.keys())
        return Renewed(kept, len(after) - kept, len(before) - kept, tuple(refused))

    def locked(self) -> Mapping[str, str]:
        """Return the digests by address.

        Raises:
            ConfigError: the lock file cannot be used.
        """
        try:
            icons = json.loads(self.lock_file.read_bytes())["icons"]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise ConfigError(
                f"{self.lock_file}: cannot be used ({error}); 'regpress icons' makes a new one"
            ) from error
        if not isinstance(icons, dict) or not all(isinstance(one, str) for one in icons.values()):
            raise ConfigError(f"{self.lock_file}: icons: expected an object of addresses and digests")
        return icons

    def _picture(self, url: str, locked: str) -> bytes:
        try:
            data = self._file(locked).read_bytes()
        except OSError:
            data = b""
        if digest(data) == locked:
            return data
        got = self._fetch(url)
        if got != locked:
            raise FetchError("it has other bytes than the locked ones", expected="'regpress icons --renew'")
        return self._file(locked).read_bytes()

    def _fetch(self, url: str) -> str:
        """Keep what an address has, and return its digest.

        Raises:
            FetchError: it has no usable picture.
        """
        data = fetch(url, timeout=_TIMEOUT, limit=MOST_BYTES, address_rule=self.address_rule, accept=_ACCEPT).data
        if not self.kind_of(data):
            raise FetchError("is no PNG, JPEG or WebP picture, nor a plain SVG drawing")
        name = digest(data)
        try:
            replace_file(self._file(name), data)
        except OSError as error:
            raise storage_error(str(self.folder), error) from error
        return name

    def _file(self, name: str) -> Path:
        return self.folder / digest(name.encode()).removeprefix("sha256:")


def _issue(url: str, message: str) -> Issue:
    return Issue(
        type="source",
        severity="warning",
        message=f"{shown_url(url)}: {message}; its entries get a drawn icon",
        reference="icon-missing",
        file=LOCK_FILE,
    )
