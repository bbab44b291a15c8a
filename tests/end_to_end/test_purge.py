"""Deleting from the command line, and old pages of lists that must not mention what was deleted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app_server import encoded, serving_app
from app_site import UPSTREAM, document, git, in_repository, own_site
from builders import server
from sites import registry_file, run, run_program, write_site

DELETED = "v0.1/x/dev.regpress/deleted"


def large_site(folder: Path) -> Path:
    """Build a site whose lists have several pages, on a host that follows cursors."""
    numbers = [f"{number:03}" for number in range(400)]
    listed = [server(f"com.example/tool-{number}", "1.0.0", description=f"Does {number}") for number in numbers]
    write_site(folder, {"list.json": registry_file(*listed), "content/pages/about.md": "# About\n"}, host="nginx")
    assert run("build", folder).code == 0
    return folder


def page(site: Path, cursor: str) -> Path:
    return site / f"dist/v0.1/_pages/servers/{cursor}.json"


def walk(site: Path) -> list[tuple[str, list[str]]]:
    """Return the pages of the list of latest versions: the cursor of each, and its names."""
    cursor, found = "latest", []
    while cursor:
        value = json.loads(page(site, cursor).read_text())
        found.append((cursor, [entry["server"]["name"] for entry in value["servers"]]))
        cursor = value["metadata"].get("nextCursor", "")
    return found


def with_kept_pages(folder: Path) -> tuple[Path, list[str], list[str]]:
    """Return a site with two pages of an earlier build, their cursors, and a name in each that is no boundary."""
    site = large_site(folder)
    pages = walk(site)
    assert len(pages) > 4
    for before in (0, 2):
        assert run("delete", pages[before][1][-1], "--site", site).code == 0
    assert run("build", site).code == 0
    kept = [pages[1], pages[3]]
    assert not {cursor for cursor, _ in walk(site)} & {cursor for cursor, _ in kept}
    assert all(page(site, cursor).exists() for cursor, _ in kept)
    return site, [cursor for cursor, _ in kept], [names[1] for _, names in kept]


def mentions(site: Path, name: str) -> set[str]:
    """Return the public files that say what an entry does, but for the pages of deleted ones."""
    files = (path for path in (site / "dist").rglob("*") if path.is_file())
    word = f"Does {name[-3:]}".encode()
    found = {path.relative_to(site / "dist").as_posix() for path in files if word in path.read_bytes()}
    return {file for file in found if not file.startswith(DELETED)}


def test_a_purge_drops_the_old_pages_that_mention_what_was_deleted_and_no_others(tmp_path: Path) -> None:
    site, (mentioning, other), (name, _) = with_kept_pages(tmp_path)
    assert len(mentions(site, name)) > 3
    done = run("delete", name, "--site", site, "--purge")
    assert done.code == 0, done.err
    assert not page(site, mentioning).exists()
    assert page(site, other).exists()
    # Also of the pages that this deletion itself made old.
    assert mentions(site, name) == set()
    printed = done.out.splitlines()
    assert printed == sorted(printed)
    assert f"/v0.1/servers?cursor={mentioning}" in printed
    assert f"/v0.1/servers?cursor={other}" not in printed
    for path in ("servers", f"servers/{name}/versions/1.0.0", f"servers/{encoded(name)}/versions/latest"):
        assert {f"/v0.1/{path}", f"/v0/{path}"} <= set(printed)
    assert f"/v0.1/servers/{name}/versions.json" in printed
    assert not any(path.startswith("/_config") for path in printed)
    kept = json.loads((site / "dist/manifest.json").read_text())["kept"]
    assert f"v0.1/_pages/servers/{other}.json" in {row["file"] for row in kept}
    assert run("build", site, "--full").code == 0
    assert page(site, other).exists()


def test_without_a_purge_old_pages_stay_readable_and_a_later_one_drops_them(tmp_path: Path) -> None:
    site, (mentioning, other), (name, _) = with_kept_pages(tmp_path)
    deleted = run("delete", name, "1.0.0", "--site", site)
    assert (deleted.code, deleted.out) == (0, "")
    assert run("build", site).code == 0
    assert f"v0.1/_pages/servers/{mentioning}.json" in mentions(site, name)
    done = run("build", site, "--purge", name, "--format", "json")
    assert done.code == 0
    assert f"/v0.1/servers?cursor={mentioning}" in done.json["result"]["clear"]
    assert mentions(site, name) == set()
    assert page(site, other).exists()
    again = run("delete", name, "--site", site, "--purge")
    assert (again.code, again.out) == (0, "")
    assert "deleted already" in again.err


def test_an_output_elsewhere_hands_on_no_page_that_is_purged(tmp_path: Path) -> None:
    site, (mentioning, other), (name, _) = with_kept_pages(tmp_path)
    assert run("delete", name, "--site", site).code == 0
    (site / "dist").rename(tmp_path / "deployed")
    done = run("build", site, "--previous", tmp_path / "deployed", "--purge", name)
    assert done.code == 0, done.err
    assert not page(site, mentioning).exists()
    assert page(site, other).exists()
    assert mentions(site, name) == set()


def test_the_service_purges_on_request_and_logs_what_to_clear(tmp_path: Path) -> None:
    site, (mentioning, _), (name, _) = with_kept_pages(tmp_path)
    with serving_app(site, anonymous=True) as running:
        answer = running.ask("DELETE", f"/v0.1/servers/{encoded(name)}/versions/1.0.0?purge=true")
        assert answer.status == 200
        running.wait_for_line(rf"clear at a CDN: /v0\.1/servers\?cursor={mentioning}")
    assert not page(site, mentioning).exists()
    assert mentions(site, name) == set()


def test_a_deletion_from_the_command_line_is_committed_and_logged(tmp_path: Path) -> None:
    site = in_repository(own_site(tmp_path / "site"))
    done = run("delete", UPSTREAM, "--site", site, "--message", "Renamed", "--purge")
    assert done.code == 0, done.err
    status: dict[str, Any] = json.loads((site / f"content/status/servers/{UPSTREAM}.json").read_text())
    assert {version: one["message"] for version, one in status.items()} == {"1.0.0": "Renamed", "1.1.0": "Renamed"}
    assert git(site, "status", "--porcelain") == ""
    assert UPSTREAM in git(site, "log", "-1", "--format=%B")
    events = [json.loads(line) for line in (site / "audit.jsonl").read_text().splitlines()]
    assert [(one["type"], one["outcome"], one["target"]["version"]) for one in events] == [
        ("entry.delete", "success", "1.1.0"),
        ("entry.delete", "success", "1.0.0"),
    ]
    assert "entry.delete" in run("log", site).out
    assert not (site / f"dist/v0.1/servers/{UPSTREAM}/versions.json").exists()


def test_what_is_not_there_or_is_served_is_not_deleted_from_the_command_line(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    assert "has no such server" in run("delete", "com.example/none", "--site", site).err
    assert "has no such server" in run("delete", UPSTREAM, "9.0.0", "--site", site).err
    assert "there is no registry 'other'" in run("delete", UPSTREAM, "--registry", "other", "--site", site).err
    with serving_app(site, anonymous=True) as running:
        assert running.publish(document("com.example/mine")).status == 200
        refused = run_program("delete", "com.example/mine", "--site", site, cwd=tmp_path)
        assert refused.code == 3
        assert "another process serves this site" in refused.err
