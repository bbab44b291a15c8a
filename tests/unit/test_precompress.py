"""Compressed siblings of files: which files get them, and what is in them."""

from __future__ import annotations

import gzip
import random

import pytest

from regpress import precompress
from regpress.errors import ConfigError
from regpress.hosts import github_pages, nginx
from regpress.model.artifact import Artifact, ArtifactGroup
from regpress.precompress import LEAST_BYTES, check_encodings, gzipped, with_siblings

TEXT = b'{"servers":[]}' * 200


def made(*artifacts: Artifact, encodings=("gzip",), profile=nginx.PROFILE) -> dict[str, bytes]:
    group = ArtifactGroup(key="k", recipe=b"r", stage="leaf", render=lambda: artifacts)
    (wrapped,) = with_siblings([group], encodings, profile.files)
    assert (wrapped.key, wrapped.stage) == ("k", "leaf")
    return {file: item.body for item in wrapped.render() for file in profile.files(item.address, item.form)}


def test_a_document_has_a_sibling_with_the_same_content() -> None:
    files = made(Artifact("v0.1/servers", "document", "application/json", TEXT))
    assert files.keys() == {"v0.1/servers.json", "v0.1/servers.json.gz"}
    assert gzip.decompress(files["v0.1/servers.json.gz"]) == TEXT


def test_each_file_of_a_document_has_its_sibling() -> None:
    page = Artifact("about/", "page", "text/html; charset=utf-8", TEXT)
    document = Artifact("v0.1/servers", "document", "application/json", TEXT)
    files = made(page, document, profile=github_pages.PROFILE)
    assert {file for file in files if file.endswith(".gz")} == {
        "about/index.html.gz", "v0.1/servers.html.gz", "v0.1/servers/index.json.gz",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", TEXT[: LEAST_BYTES - 1]),
        ("image/png", TEXT),
        ("text/plain", random.Random(1).randbytes(4000)),
    ],
)
def test_small_files_and_what_does_not_get_smaller_have_none(media_type: str, body: bytes) -> None:
    assert made(Artifact("file", "file", media_type, body)).keys() == {"file"}


def test_no_time_no_name_and_no_system_is_in_a_sibling() -> None:
    packed = gzipped(TEXT)
    assert packed[:10] == b"\x1f\x8b\x08\x00" + bytes(4) + b"\x02\xff"
    assert packed == gzipped(TEXT)


def test_brotli_is_made_where_it_is_installed() -> None:
    brotli = pytest.importorskip("brotli")
    files = made(Artifact("v0.1/servers", "document", "application/json", TEXT), encodings=("br", "gzip"))
    assert brotli.decompress(files["v0.1/servers.json.br"]) == TEXT
    assert len(files) == 3


def test_a_missing_compressor_is_said_with_the_name_of_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompress, "find_spec", lambda name: None)
    check_encodings(["gzip"])
    with pytest.raises(ConfigError, match=r"regpress\[brotli\]"):
        check_encodings(["gzip", "br"])


def test_other_encodings_are_another_recipe() -> None:
    group = ArtifactGroup(key="k", recipe=b"r", stage="leaf", render=list)
    choices = (["gzip"], ["br"], ["br", "gzip"])
    recipes = {one.recipe for choice in choices for one in with_siblings([group], choice, nginx.PROFILE.files)}
    assert len(recipes | {b"r"}) == 4
