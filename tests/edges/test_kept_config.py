"""A configuration that was found sound comes back as it was, and only that one does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regpress.digest import digest
from regpress.kept_config import ConfigCache, SoundConfig
from regpress.model.config import load_config

TEXT = """
sources:
  - {name: own, managed: {}}
  - name: team
    git: {repository: 'https://example.org/team.git', branch: main, commit: 0123abc}
    claims: {org: [a, b], team: c}
    filter: {names: {include: ['com.example/*']}}
  - {name: inline, file: {data: {version: 1.0.0, data: {servers: []}}}}
registries:
  - {name: default, sources: [own, team, inline]}
site:
  baseUrl: https://example.org/registry/
  policy: {rules: {http-remote: error}}
"""


def cache_of(folder: Path, text: str = TEXT, file: str = "config.yaml", **environ: str) -> ConfigCache:
    return ConfigCache(folder, text, file=file, environ=environ)


@pytest.fixture
def sound() -> SoundConfig:
    return SoundConfig(*load_config(TEXT))


def test_what_is_kept_comes_back_with_its_notes(tmp_path: Path, sound: SoundConfig) -> None:
    assert any("the commit" in note for note in sound.notes)
    assert cache_of(tmp_path).load() is None
    cache_of(tmp_path).save(sound)
    assert cache_of(tmp_path).load() == sound
    assert repr(cache_of(tmp_path).load()) == repr(sound)


def test_another_text_file_or_variable_gets_nothing(tmp_path: Path, sound: SoundConfig) -> None:
    cache_of(tmp_path).save(sound)
    assert cache_of(tmp_path, TEXT + "\n").load() is None
    assert cache_of(tmp_path, file="other.yaml").load() is None
    assert cache_of(tmp_path, REGPRESS_SITE_TITLE="Another").load() is None
    assert cache_of(tmp_path, HOME="/somewhere").load() == sound


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"record": "Path", "members": {}},
        {"record": "SiteConfig", "members": {}},
        {"record": "Config", "members": {"unknown": 1}},
        {"record": "Config", "members": []},
        {"tuple": 1},
        {"mapping": 1},
        {},
    ],
)
def test_a_file_that_holds_something_else_is_ignored(tmp_path: Path, sound: SoundConfig, value: object) -> None:
    cache_of(tmp_path).save(sound)
    file = tmp_path / "config.json"
    key, _, _ = file.read_text().partition(" ")
    for kept in ([value, []], [], value):
        text = json.dumps(kept)
        file.write_text(f"{key} {digest(text.encode())}\n{text}")
        assert cache_of(tmp_path).load() is None


def test_a_byte_that_was_flipped_is_noticed_wherever_it_stands(tmp_path: Path, sound: SoundConfig) -> None:
    cache_of(tmp_path).save(sound)
    file = tmp_path / "config.json"
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert cache_of(tmp_path).load() is None
    file.write_bytes(whole)
    assert cache_of(tmp_path).load() == sound


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"1", b'{"key": 1}', b"[" * 100_000])
def test_a_damaged_file_is_ignored(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "config.json").write_bytes(data)
    assert cache_of(tmp_path).load() is None
