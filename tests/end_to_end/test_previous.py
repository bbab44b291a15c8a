"""What an earlier output says about times is kept, and `regpress diff` shows what a build would change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders import server, skill
from contract.targets import preview
from sites import Done, config, official_of, read, registry_file, run, tree, write_file, write_site

FIRST, SECOND, NOW = "2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-05-01T00:00:00Z"
EPOCH = "1777593600"  # NOW
ONE, TWO, NEW = "com.example/one", "com.example/two", "com.example/new"


def files(*, updated: str, one: str = "Does one thing", more: tuple[Any, ...] = (), **others: Any) -> dict[str, Any]:
    source = {"name": "list", "file": {"path": "list.json"}}
    document = registry_file(server(ONE, description=one), server(TWO), *more, updated=updated, **others)
    trusting = config({"name": "content", "managed": {}}, source, trust={"allowPrivateAddresses": True})
    return {"config.yaml": trusting, "list.json": document}


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Return an output of FIRST, taken away from the site ``site`` beside it."""
    site = write_site(tmp_path / "site", files(updated=FIRST, skills=[skill()]))
    assert run("build", site).code == 0
    (site / "dist").rename(tmp_path / "earlier")
    shutil.rmtree(site / ".regpress")
    return tmp_path / "earlier"


@pytest.fixture(params=["folder", "generic", "github-pages"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return where an earlier output is: in a folder, or deployed at a host."""
    host = "generic" if request.param == "folder" else request.param
    site = write_site(tmp_path / "deployed", files(updated=FIRST, skills=[skill()]))
    assert run("build", site, "--host", host).code == 0
    if request.param == "folder":
        yield str(site / "dist")
    else:
        with preview(host, "/registry")(site / "dist") as url:
            yield f"{url}/"


def times(site: Path, name: str, version: str = "latest") -> tuple[str, str]:
    block = official_of(read(site / "dist", f"v0.1/servers/{name}/versions/{version}"))
    return block["publishedAt"], block["updatedAt"]


def build(site: Path, location: str | Path) -> Done:
    done = run("build", site, "--previous", location, SOURCE_DATE_EPOCH=EPOCH)
    assert done.code == 0, done.err
    return done


def test_times_are_kept_and_move_only_with_the_content(location: str, tmp_path: Path) -> None:
    site = write_site(
        tmp_path / "site", files(updated=SECOND, one="Does another thing", more=(server(TWO, "1.1.0"), server(NEW)))
    )
    build(site, location)
    assert times(site, ONE) == (FIRST, SECOND)
    assert times(site, TWO, "1.0.0") == (FIRST, FIRST)
    assert times(site, TWO) == (SECOND, SECOND)
    assert times(site, NEW) == (SECOND, SECOND)


def test_an_unchanged_registry_is_built_into_the_same_documents(location: str, tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", files(updated=SECOND, skills=[skill()]))
    build(site, location)
    assert times(site, ONE) == times(site, TWO) == (FIRST, FIRST)
    changes = run("diff", site, "--previous", location, "--format", "json").json["changes"]
    assert changes == []


def test_a_status_moves_the_time_of_its_change_and_keeps_the_publication(earlier: Path, tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", files(updated=FIRST))
    status = {"1.0.0": {"status": "deprecated", "message": "Use two", "changedAt": SECOND}}
    write_file(site / "content/status/servers/com.example/one.json", status)
    build(site, earlier)
    block = official_of(read(site / "dist", f"v0.1/servers/{ONE}/versions/latest"))
    assert (block["status"], block["statusMessage"]) == ("deprecated", "Use two")
    assert (block["publishedAt"], block["statusChangedAt"]) == (FIRST, SECOND)
    assert block["updatedAt"] > FIRST
    assert times(site, TWO) == (FIRST, FIRST)


def test_a_change_that_nothing_dates_is_dated_by_the_build(earlier: Path, tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", files(updated=FIRST, one="Does another thing"))
    build(site, earlier)
    assert times(site, ONE) == (FIRST, NOW)


def test_the_first_deploy_works_with_a_note(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", files(updated=FIRST))
    (tmp_path / "empty").mkdir()
    with preview("github-pages")(tmp_path / "empty") as url:
        for place in (url, f"{url}/nowhere/"):
            done = run("build", site, "--previous", place)
            assert done.code == 0
            assert f"note: there is no earlier output at {place}" in done.err
    assert run("build", site, "--previous", tmp_path / "empty").code == 0
    assert times(site, ONE) == (FIRST, FIRST)


def test_an_earlier_output_that_cannot_be_read_stops_the_build(earlier: Path, tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", files(updated=FIRST))
    assert run("build", site, "--previous", tmp_path / "nowhere").code == 3
    assert run("build", site, "--previous", "http://127.0.0.1:1").code == 3
    for name, data in (("build.json", b"{}"), ("build.json", b"<html>"), ("v0.1/x/dev.regpress/versions.json", b"[]")):
        broken = tmp_path / "broken"
        shutil.copytree(earlier, broken)
        write_file(broken / name, data)
        done = run("build", site, "--previous", broken)
        assert done.code == 3, name
        assert done.err.startswith("error: previous output: ")
        shutil.rmtree(broken)
    assert not (site / "dist").exists()


def test_a_private_address_is_not_asked_for_an_earlier_output_unless_allowed(tmp_path: Path) -> None:
    made = files(updated=FIRST)
    made["config.yaml"]["site"].pop("trust")
    site = write_site(tmp_path / "site", made)
    with preview("generic")(tmp_path) as url:
        done = run("build", site, "--previous", url)
    assert done.code == 3
    assert "loopback" in done.err
    assert "allowPrivateAddresses" in done.err


# regpress diff


@pytest.fixture
def changed(earlier: Path, tmp_path: Path) -> Path:
    """Return the site with one change of each kind since *earlier*."""
    other = server(ONE, description="Does another thing", title="One")
    more = (server(TWO, "1.1.0"), server(NEW))
    made = files(updated=SECOND)
    made["list.json"] = registry_file(other, server(TWO), *more, updated=SECOND)
    status = {"1.0.0": {"status": "deprecated", "message": "Use 1.1.0", "changedAt": SECOND}}
    return write_site(tmp_path / "site", {**made, "content/status/servers/com.example/two.json": status})


def test_diff_lists_every_change_entry_by_entry_and_writes_nothing(changed: Path, earlier: Path) -> None:
    before = tree(changed)
    done = run("diff", changed, "--previous", earlier)
    assert done.code == 0
    assert done.out.splitlines() == [
        f"+ {NEW}@1.0.0 added",
        f"~ {ONE}@1.0.0 changed: +title, description",
        f"+ {TWO}@1.1.0 added",
        f"! {TWO}@1.0.0 status: active → deprecated: Use 1.1.0",
        "- skill com.example/review@1.0.0 removed",
        "2 added, 1 changed, 1 status, 1 removed",
    ]
    assert {name: data for name, data in tree(changed).items() if not name.startswith(".regpress")} == before


def test_diff_as_json_has_the_same_changes(changed: Path, earlier: Path) -> None:
    changes = run("diff", changed, "--previous", earlier, "--format", "json").json["changes"]
    assert all(
        change.keys() == {"what", "registry", "kind", "name", "version", "detail", "fields"} for change in changes
    )
    assert [(c["what"], c["kind"], c["name"], c["version"], c["fields"]) for c in changes] == [
        ("added", "server", NEW, "1.0.0", []),
        ("changed", "server", ONE, "1.0.0", ["+title", "description"]),
        ("added", "server", TWO, "1.1.0", []),
        ("status", "server", TWO, "1.0.0", []),
        ("removed", "skill", "com.example/review", "1.0.0", []),
    ]


def test_diff_as_markdown_can_join_a_job_summary(changed: Path, earlier: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    arguments = ("diff", changed, "--previous", earlier, "--format", "markdown", "--summary")
    done = run(*arguments, GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text() == "before\n" + done.out
    rows = [line for line in done.out.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) == 5
    assert f"| + added | `{NEW}@1.0.0` | `default` |  |" in rows
    assert run(*arguments).code == 0, "without a summary to append to"


def test_markup_in_an_entry_stays_text_in_a_summary(earlier: Path, tmp_path: Path) -> None:
    message = "`<img src=x>` | [x](https://evil.example)\n# Heading"
    status = {"1.0.0": {"status": "deprecated", "message": message, "changedAt": SECOND}}
    made = {**files(updated=FIRST), "content/status/servers/com.example/one.json": status}
    site = write_site(tmp_path / "site", made)
    out = run("diff", site, "--previous", earlier, "--format", "markdown").out
    (row,) = [line for line in out.splitlines() if ONE in line]
    cells = row.replace("\\|", "").split("|")
    assert len(cells) == 6
    assert cells[4].strip().startswith("`")
    assert cells[4].count("`") == 2
    assert "\n#" not in out.partition("| |")[2]


def test_diff_compares_with_dist_unless_told_otherwise(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", files(updated=FIRST))
    everything = run("diff", site)
    assert everything.code == 0
    assert everything.out.splitlines()[-1] == "2 added"
    assert run("build", site).code == 0
    assert run("diff", site).out == "nothing would change\n"


def test_diff_shows_a_registry_that_comes_and_one_that_goes(earlier: Path, tmp_path: Path) -> None:
    made = files(updated=FIRST, skills=[skill()])
    made["config.yaml"]["registries"] = [{"name": "team", "sources": ["list"]}]
    site = write_site(tmp_path / "site", made)
    changes = run("diff", site, "--previous", earlier, "--format", "json").json["changes"]
    found = {(change["what"], change["registry"], change["kind"]) for change in changes}
    assert found == {("added", "team", "server"), ("added", "team", "skill"), ("removed", "default", "registry")}


@pytest.mark.parametrize("output_format", ["text", "json", "markdown"])
def test_diff_says_on_standard_error_that_a_document_is_invalid_and_fails(
    output_format: str, earlier: Path, tmp_path: Path
) -> None:
    site = write_site(tmp_path / "site", files(updated=FIRST, more=(server(NEW, "^1"),), skills=[skill()]))
    done = run("diff", site, "--previous", earlier, "--format", output_format)
    assert done.code == 1
    assert "version-looks-like-range" in done.err
    nothing = {"text": "nothing would change\n", "json": '{\n  "changes": []\n}\n'}
    assert done.out == nothing.get(output_format, done.out)
    assert "version-looks-like-range" not in done.out
