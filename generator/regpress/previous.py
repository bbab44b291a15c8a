"""An earlier output, in a folder or deployed, to what it says about versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import partial

import orjson

from regpress import paths
from regpress.errors import RegistryError, SourceMalformedError
from regpress.hosts.base import HostProfile
from regpress.hosts.table import PROFILES
from regpress.indexes.entries import find_versions, split_list
from regpress.indexes.versions import read_rows, read_shard_names
from regpress.model import manifest
from regpress.model.entry import EntryVersion
from regpress.output.keeping import Inherited
from regpress.record import record
from regpress.resolve import PreviousVersion, VersionKey

#: Returns the bytes of one file of the output, or None where it is not there.
ReadFile = Callable[[str], bytes | None]

_SOURCE = "previous output"


@record(kw_only=True)
class Previous:
    """What an earlier output says.

    Attributes:
        found: whether there was one.
        registries: its versions, by registry.
    """

    found: bool = False
    registries: Mapping[str, Mapping[VersionKey, PreviousVersion]] = field(default_factory=dict)
    _read: ReadFile | None = None
    _profile: HostProfile | None = None
    _default: str = ""

    @property
    def versions(self) -> Mapping[VersionKey, PreviousVersion]:
        """Return what it says about a version in any registry; the default one counts first."""
        joined: dict[VersionKey, PreviousVersion] = {}
        for registry in sorted(self.registries, key=lambda name: name == self._default):
            joined.update(self.registries[registry])
        return joined

    def list_pages(self) -> Iterator[Inherited]:
        """Yield the pages of lists that it has or has kept; nothing where its manifest cannot be read."""
        read = self._read
        if read is None:
            return
        try:
            text = read(manifest.MANIFEST_FILE)
            rows, shards, kept = manifest.read_manifest(text or b"")
            for file, _ in shards:
                rows.extend(manifest.read_shard(read(file) or b""))
        except (ValueError, KeyError, TypeError, RegistryError):
            return
        for row, age in (*((row, 0) for row in rows), *kept):
            if paths.is_list_page(row.address):
                yield Inherited(row, age, partial(read, row.file))

    def document(self, registry: str, version: EntryVersion) -> bytes | None:
        """Return the former response body of a version, or None where it cannot be had."""
        if self._read is None or self._profile is None:
            return None
        prefix = paths.registry_prefix(registry, default=registry == self._default)
        if self._profile.runs_code:
            return self._version_of_shard(prefix, version)
        address = paths.version(prefix, version.kind, version.name, version.version)
        return self._read(self._profile.files(address, "document")[0])

    def _version_of_shard(self, prefix: str, version: EntryVersion) -> bytes | None:
        profile, read = self._profile, self._read
        if profile is None or read is None:
            return None
        try:
            versions = find_versions(
                lambda address: read(profile.files(address, "document")[0]), prefix, version.kind, str(version.name)
            )
            bodies = split_list(versions) if versions else []
        except (ValueError, KeyError, TypeError, IndexError):
            return None
        for body in bodies:
            value = orjson.loads(body)
            if (value["server"] if version.kind == "server" else value)["version"] == version.version:
                return body
        return None


def load_previous(read: ReadFile) -> Previous:
    """Return what an earlier output says, through a function that reads its files.

    Raises:
        SourceMalformedError: there is something, but not the output of regpress.
        SourceUnavailableError: from *read*.
    """
    text = read(paths.BUILD_FILE)
    if text is None:
        return Previous()
    try:
        build = orjson.loads(text)
        profile, default = PROFILES[build["host"]], str(build["registry"])
        names = [str(name) for name in build["registries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceMalformedError(_SOURCE, f"{paths.BUILD_FILE} is not one of regpress") from error
    registries = {
        name: dict(_versions(read, profile, paths.registry_prefix(name, default=name == default))) for name in names
    }
    return Previous(found=True, registries=registries, _read=read, _profile=profile, _default=default)


def _versions(read: ReadFile, profile: HostProfile, prefix: str) -> Iterator[tuple[VersionKey, PreviousVersion]]:
    def load(address: str) -> bytes:
        file = profile.files(address, "document")[0]
        data = read(file)
        if data is None:
            raise SourceMalformedError(_SOURCE, f"{file} is missing")
        return data

    try:
        for shard in read_shard_names(load(paths.version_index(prefix))):
            yield from read_rows(load(paths.version_index_shard(prefix, shard)))
    except ValueError as error:
        raise SourceMalformedError(_SOURCE, f"the version index is damaged: {error}") from error
