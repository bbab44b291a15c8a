"""Groups of artifacts to the same with compressed siblings, ``x.json.gz`` beside ``x.json``, for hosts that serve them.

A sibling depends on nothing but its file, so that both are made, kept and removed together. The bytes are the same on
every machine that has the same compressor: no time, no name and no system stands in them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Literal

from regpress.digest import recipe
from regpress.errors import ConfigError
from regpress.model.artifact import Artifact, ArtifactGroup, Form, Section, groups_in

Encoding = Literal["br", "gzip"]
Layout = Callable[[str, Form], tuple[str, ...]]

#: Below this a sibling costs more than it saves: an answer fits in a packet anyway.
LEAST_BYTES: Final = 1024
EXTENSIONS: Final[Mapping[Encoding, str]] = {"br": "br", "gzip": "gz"}
#: Types that are compressed already are left alone.
_TEXTUAL: Final = (
    "text/",
    "application/json",
    "application/manifest+json",
    "application/problem+json",
    "application/xml",
    "image/svg+xml",
)
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
#: Brotli takes ten times as long for the last two percent.
_BROTLI_QUALITY: Final = 9
_TYPES: Final[Mapping[Encoding, str]] = {"br": "application/x-brotli", "gzip": "application/gzip"}


def check_encodings(encodings: Iterable[Encoding]) -> None:
    """Hold that this installation has the compressors.

    Raises:
        ConfigError: it lacks one.
    """
    if "br" in encodings and find_spec("brotli") is None:
        raise ConfigError("site.precompress: br needs the package brotli (install regpress[brotli])")


def with_siblings(
    parts: Iterable[ArtifactGroup | Section], encodings: Sequence[Encoding], files: Layout
) -> Iterator[ArtifactGroup | Section]:
    """Return groups and sections with a sibling for each file that gets smaller by it.

    Args:
        parts: of a site.
        encodings: what is made.
        files: the layout of the host.
    """
    salt = ",".join(sorted(encodings)).encode()
    for part in parts:
        own = recipe((b"precompressed", salt, part.recipe))
        if isinstance(part, Section):
            yield part._replace(recipe=own, groups=partial(_inside, part, encodings, files))
        else:
            yield part._replace(recipe=own, render=partial(_render, part.render, tuple(encodings), files))


def _inside(section: Section, encodings: Sequence[Encoding], files: Layout) -> Iterator[ArtifactGroup]:
    yield from groups_in(with_siblings(section.groups(), encodings, files))


def _render(
    render: Callable[[], Iterable[Artifact]], encodings: Sequence[Encoding], files: Layout
) -> Iterator[Artifact]:
    for made in render():
        yield made
        if len(made.body) < LEAST_BYTES or not made.media_type.startswith(_TEXTUAL):
            continue
        for encoding in encodings:
            packed = _COMPRESSORS[encoding](made.body)
            if len(packed) < len(made.body):
                for file in files(made.address, made.form):
                    yield Artifact(f"{file}.{EXTENSIONS[encoding]}", "file", _TYPES[encoding], packed)


def gzipped(data: bytes) -> bytes:
    """Return *data* in gzip form (RFC 1952), without a time and from an unknown system."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    tail = struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"".join((_GZIP_HEADER, packer.compress(data), packer.flush(), tail))


def _brotli(data: bytes) -> bytes:
    brotli: Any = import_module("brotli")
    packed: bytes = brotli.compress(data, quality=_BROTLI_QUALITY)
    return packed


_COMPRESSORS: Final[Mapping[Encoding, Callable[[bytes], bytes]]] = {"br": _brotli, "gzip": gzipped}
