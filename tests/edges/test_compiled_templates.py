"""Templates are compiled once for an installation, and what was compiled never stands for anything else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jinja2
import pytest

from builders import dumps, server
from regpress.compiled_templates import CompiledTemplates
from regpress.html.environment import make_environment
from regpress.wiring import open_site, package_templates
from sites import registry_file, run, write_site

TEMPLATES = {"page.html": "<p>{{ view }}</p>{% include 'part.html' %}", "part.html": "<b>{{ view }}</b>"}


@pytest.fixture(autouse=True)
def _writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def filled(folder: Path, templates: dict[str, str] = TEMPLATES, salt: bytes = b"") -> str:
    compiled = CompiledTemplates(folder, salt)
    return (
        make_environment(jinja2.DictLoader(templates), compiled=compiled).get_template("page.html").render(view="<x>")
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("__pycache__/*")}


EXPECTED = "<p>&lt;x&gt;</p><b>&lt;x&gt;</b>"


def test_what_was_compiled_is_taken_instead_of_compiling_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled(tmp_path) == EXPECTED
    assert files(tmp_path)
    monkeypatch.setattr(jinja2.Environment, "compile", lambda *_, **__: pytest.fail("compiled again"))
    assert filled(tmp_path) == EXPECTED


def test_another_template_or_salt_is_compiled_anew(tmp_path: Path) -> None:
    filled(tmp_path)
    before = files(tmp_path)
    assert filled(tmp_path, {**TEMPLATES, "page.html": "<i>{{ view }}</i>"}) == "<i>&lt;x&gt;</i>"
    assert files(tmp_path).keys() == before.keys()
    assert (
        filled(tmp_path, {**TEMPLATES, "part.html": "<u>{{ view }}</u>"}, b"other")
        == "<p>&lt;x&gt;</p><u>&lt;x&gt;</u>"
    )


def test_what_is_damaged_is_never_run(tmp_path: Path) -> None:
    filled(tmp_path)
    ((name, whole),) = files(tmp_path).items()
    kept = tmp_path / "__pycache__" / name
    for at in range(0, len(whole), max(len(whole) // 60, 1)):
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert filled(tmp_path) == EXPECTED
        assert kept.read_bytes() == whole
        kept.write_bytes(whole[:at])
        assert filled(tmp_path) == EXPECTED


def test_where_nothing_can_be_kept_templates_are_compiled_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where the folder would be: not even root can write there.
    (tmp_path / "__pycache__").write_bytes(b"")
    assert filled(tmp_path) == EXPECTED
    (tmp_path / "__pycache__").unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert filled(tmp_path) == EXPECTED
    assert list(tmp_path.iterdir()) == []


def test_a_site_with_templates_of_its_own_is_not_compiled_to_the_installation(tmp_path: Path) -> None:
    def kept() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in package_templates().glob("__pycache__/*")}

    before = kept()
    file = registry_file(server("com.example/weather"))
    site = write_site(tmp_path / "site", {"registry.json": file}, catalog={"enabled": True})
    (site / "templates").mkdir()
    (site / "templates" / "footer.html").write_text("<footer>ours, and nobody else's</footer>")
    assert run("build", site).code == 0
    assert "nobody else's" in (site / "dist" / "index.html").read_text()
    assert kept() == before
    assert not list(site.rglob("*.code"))


def test_what_is_compiled_is_no_template_itself(tmp_path: Path) -> None:
    (tmp_path / "registry.json").write_bytes(dumps(registry_file(server("com.example/weather"))))
    site, _ = open_site(tmp_path, environ={})
    before = site.fingerprint
    folder = package_templates() / "__pycache__"
    folder.mkdir(exist_ok=True)
    extra = folder / f"x{os.getpid()}.html"
    extra.write_text("{{ broken")
    try:
        again, _ = open_site(tmp_path, environ={})
        assert again.fingerprint == before
    finally:
        extra.unlink()
