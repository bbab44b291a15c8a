"""Numbers and texts of a publisher arrive at readers as they were spelled, by every way that they go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sites import config, run, write_site

NUMBERS = {
    "trailing": "1.10",
    "integer": "12345678901234567890123",
    "huge": "1E400",
    "tiny": "-0.00e-5",
    "minus": "-0",
    "plain": "7",
    "precise": "3.141592653589793238462643",
}
TEXTS = {"emoji": "🌦", "combined": "e\u0301", "escaped": "a\u2028b", "nul": "\u0000", "slash": "</script>"}
META = "io.modelcontextprotocol.registry/publisher-provided"


def document(kind: str) -> str:
    """Return a server or a skill with all of them in its metadata, as text: no JSON library may touch it."""
    numbers = ", ".join(f'"{key}": {text}' for key, text in NUMBERS.items())
    texts = ", ".join(f'"{key}": "{_escaped(text)}"' for key, text in TEXTS.items())
    # The official schema wants an object for each publisher, and ToolHive refuses another.
    meta = f'"_meta": {{"{META}": {{"com.example": {{"{{}} odd ✓ key": true, {numbers}, {texts}}}}}}}'
    if kind == "server":
        schema = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
        return (
            f'{{"$schema": "{schema}", "name": "com.example/numbers", "description": "Has numbers", '
            f'"version": "1.0.0", {meta}}}'
        )
    return (
        '{"namespace": "com.example", "name": "numbers", "description": "Has numbers", "version": "1.0.0", '
        f'"packages": [{{"registryType": "git", "url": "https://github.com/example/x"}}], {meta}}}'
    )


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" if letter < " " else letter for letter in text)


FORMS = {
    "upstream": f'{{"version": "1.0.0", "meta": {{"last_updated": "2026-01-01T00:00:00Z"}}, '
    f'"data": {{"servers": [{document("server")}], "skills": [{document("skill")}]}}}}',
    "response": f'{{"servers": [{{"server": {document("server")}, "_meta": {{}}}}], "metadata": {{"count": 1}}}}',
    "array": f"[{document('server')}]",
}
SERVER = "v0.1/servers/com.example/numbers/versions"
SKILL = "v0.1/x/dev.toolhive/skills"
SERVED = ("v0.1/servers.json", f"{SERVER}.json", f"{SERVER}/1.0.0.json", f"{SERVER}/latest.json", "registry.json")
SERVED_SKILLS = (
    f"{SKILL}.json",
    f"{SKILL}/com.example/numbers.json",
    f"{SKILL}/com.example/numbers/versions.json",
    f"{SKILL}/com.example/numbers/versions/1.0.0.json",
    "registry.json",
)


def build(folder: Path, form: str) -> Path:
    source = {"name": "list", "file": {"path": "list.json"}}
    made = config(source, catalog={"enabled": True})
    site = write_site(folder, {"config.yaml": made, "list.json": FORMS[form]})
    done = run("build", site)
    assert done.code == 0, done.out
    return site / "dist"


def spelled(data: bytes) -> dict[str, str]:
    """Return the numbers of the metadata as they stand in the bytes, found without a JSON library."""
    text = data.decode()
    return {key: match[1] for key in NUMBERS if (match := re.search(rf'"{key}":\s*([^,}}\]]+)', text))}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_keep_their_spelling_in_every_document(form: str, tmp_path: Path) -> None:
    dist = build(tmp_path, form)
    for file in (*SERVED, *(SERVED_SKILLS if form == "upstream" else ())):
        assert spelled((dist / file).read_bytes()) == NUMBERS, file


def test_texts_keep_their_code_points_and_odd_keys_their_names(tmp_path: Path) -> None:
    dist = build(tmp_path, "upstream")
    for file in SERVED:
        text = (dist / file).read_text(encoding="utf-8")
        for key, value in TEXTS.items():
            found = re.search(rf'"{key}":"((?:[^"\\]|\\.)*)"', text)
            assert found, f"{file}: {key}"
            assert _unescaped(found[1]) == value
        assert '"{} odd ✓ key":true' in text
        assert "</script>" not in text
        assert "\u2028" not in text


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)


def test_one_digit_more_is_a_change(tmp_path: Path) -> None:
    before = build(tmp_path, "upstream")
    other = FORMS["upstream"].replace("1.10,", "1.100,")
    write_site(tmp_path, {"list.json": other})
    done = run("diff", tmp_path, "--previous", before, "--format", "json")
    assert {(change["kind"], change["what"], *change["fields"]) for change in done.json["changes"]} == {
        ("server", "changed", "_meta"),
        ("skill", "changed", f"_meta.{META}"),
    }
