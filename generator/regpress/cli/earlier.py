"""An earlier output, at the place that a person names: a folder, or the address where it is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

import click

from regpress.errors import SourceUnavailableError
from regpress.hosts.serving import is_api
from regpress.previous import Previous, ReadFile, load_previous
from regpress.site import Site
from regpress.sources.http import AddressRule, FetchError, fetch, public_only
from regpress.storage import contained

#: Seconds and bytes for one file of a deployed output.
_TIMEOUT: Final = 60.0
_MOST_BYTES: Final = 256 * 1024 * 1024
_WHAT: Final = "previous output"


def open_previous(location: str | None, site: Site) -> Previous | None:
    """Return the earlier output at *location*, or None where none was named.

    Raises:
        SourceUnavailableError: it cannot be read.
        SourceMalformedError: it is not an output of regpress.
    """
    if not location:
        return None
    found = load_previous(_reader(location, site))
    if not found.found:
        click.echo(f"note: there is no earlier output at {location}", err=True)
    return found


def _reader(location: str, site: Site) -> ReadFile:
    if location.startswith(("https://", "http://")):
        rule = None if site.config.site.trust.allow_private_addresses else public_only
        return _Deployed(location.rstrip("/"), rule)
    folder = Path(location)
    if not folder.is_dir():
        raise SourceUnavailableError(_WHAT, f"there is no folder {location}")

    def read(file: str) -> bytes | None:
        try:
            return Path(contained(str(folder), file)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise SourceUnavailableError(_WHAT, f"{file} cannot be read: {error.strerror}") from error

    return read


class _Deployed:
    """Reads files of a deployed output.

    A host with a rule shows the file ``P.json`` of the API at the address ``P``, and perhaps only there; one without
    shows it under its own name. The first answer tells which of the two to ask for first from then on.
    """

    def __init__(self, base: str, rule: AddressRule | None) -> None:
        self._base = base
        self._rule = rule
        self._by_address = False

    def __call__(self, file: str) -> bytes | None:
        """Return the bytes of a file of the output, or None where it is not there."""
        address = file.removesuffix(".json")
        if address == file or not is_api(file):
            return self._fetch(file)
        for by_address in (self._by_address, not self._by_address):
            data = self._fetch(address if by_address else file)
            if data is not None:
                self._by_address = by_address
                return data
        return None

    def _fetch(self, path: str) -> bytes | None:
        url = f"{self._base}/{quote(path, safe='/@:+~')}"
        try:
            return fetch(url, timeout=_TIMEOUT, limit=_MOST_BYTES, address_rule=self._rule).data
        except FetchError as error:
            if error.status in {404, 410}:
                return None
            expected = f" (expected {error.expected})" if error.expected else ""
            raise SourceUnavailableError(_WHAT, f"{url}: {error}{expected}") from error
