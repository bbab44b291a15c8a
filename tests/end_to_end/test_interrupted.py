"""A build that is stopped in the middle leaves the last good output, and the next build needs no help."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from builders import server
from sites import PROGRAM, environment, read, registry_file, run, tree, write_file, write_site

MANY = 200
#: Runs the program, but stands still in the middle of its work until the test has seen that it got there.
STANDS_STILL = """
import os, pathlib, signal, time
# A shell lets what it starts in the background ignore the signal, and so all that is started from there.
signal.signal(signal.SIGINT, signal.default_int_handler)
from regpress.cli.main import main
real, calls = {where}, 0
def slow(*arguments, **named):
    global calls
    calls += 1
    if calls == {calls}:
        pathlib.Path({marker!r}).touch()
        time.sleep(60)
    return real(*arguments, **named)
{where} = slow
main()
"""
RENDERING, MOVING = "os.open", "os.replace"


def entries(word: str) -> dict[str, object]:
    return registry_file(*(server(f"com.example/server-{number}", description=word) for number in range(MANY)))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = write_site(tmp_path_factory.mktemp("interrupted") / "site", {"list.json": entries("first")})
    assert run("build", site).code == 0
    return site


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    """Return a site with a good output, whose source has changed since."""
    shutil.copytree(built, tmp_path / "site", ignore=shutil.ignore_patterns(".regpress"))
    write_file(tmp_path / "site/list.json", entries("second"))
    return tmp_path / "site"


def stop(site: Path, number: signal.Signals, where: str = RENDERING, calls: int = MANY) -> subprocess.Popen[str]:
    """Build in a process of its own and send it a signal in the middle of rendering or of moving."""
    marker = site / "in-the-middle"
    program = STANDS_STILL.format(where=where, calls=calls, marker=str(marker))
    build = subprocess.Popen(
        [PROGRAM[0], "-c", program, "build", str(site), "--jobs", "1"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not marker.exists():
        assert build.poll() is None, build.communicate()
        time.sleep(0.02)
    build.send_signal(number)
    return build


def published(site: Path) -> dict[str, bytes]:
    """Return the output without what a killed build left to be cleaned up."""
    return {name: data for name, data in tree(site / "dist").items() if not name.startswith(".regpress-staging/")}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_a_build_that_is_asked_to_end_leaves_the_output_as_it_was(
    number: signal.Signals, code: int, site: Path
) -> None:
    before = tree(site / "dist")
    build = stop(site, number)
    _, err = build.communicate(timeout=30)
    assert build.returncode == code
    assert "Traceback" not in err
    assert tree(site / "dist") == before
    assert run("build", site).code == 0
    assert b"second" in (site / "dist/v0.1/servers.json").read_bytes()


def test_a_build_that_is_killed_leaves_a_good_output_and_the_next_one_cleans_up(site: Path) -> None:
    before = tree(site / "dist")
    build = stop(site, signal.SIGKILL)
    build.communicate(timeout=30)
    assert build.returncode == -signal.SIGKILL
    assert published(site) == before
    assert run("build", site).code == 0
    after = tree(site / "dist")
    assert after == published(site)
    shutil.rmtree(site / "dist")
    assert run("build", site).code == 0
    assert tree(site / "dist") == after


# An entry has three files that move one after the other: whatever moves before them, two of three moments are between.
@pytest.mark.parametrize("calls", [MANY, MANY + 1, MANY + 2])
def test_a_build_that_is_killed_while_files_move_leaves_a_tree_that_reads_consistently(calls: int, site: Path) -> None:
    stop(site, signal.SIGKILL, MOVING, calls).communicate(timeout=30)
    made = published(site)
    states = []
    for entry in json.loads(made["v0.1/servers.json"])["servers"]:
        assert entry["server"]["description"] == "first", "a list moved before what it leads to"
        folder = f"v0.1/servers/{entry['server']['name']}/versions"
        version, latest = (json.loads(made[f"{folder}/{file}.json"]) for file in ("1.0.0", "latest"))
        (listed,) = json.loads(made[f"{folder}.json"])["servers"]
        states.append([body["server"]["description"] for body in (version, latest, listed)])
    assert {word for state in states for word in state} == {"first", "second"}, "not killed in the middle"
    between = [state for state in states if len(set(state)) > 1]
    assert between in ([], [["second", "first", "first"]], [["second", "second", "first"]])
    assert run("build", site).code == 0
    assert {entry["server"]["description"] for entry in read(site / "dist", "v0.1/servers")["servers"]} == {"second"}
    assert not [name for name in tree(site / "dist") if name.startswith(".regpress")]


def test_a_killed_first_build_leaves_no_output_and_the_next_one_succeeds(site: Path) -> None:
    shutil.rmtree(site / "dist")
    stop(site, signal.SIGKILL).communicate(timeout=30)
    assert not (site / "dist").exists()
    assert run("build", site).code == 0
    assert (site / "dist/v0.1/servers.json").exists()
    left = [path.name for path in site.iterdir() if path.name.startswith("dist.")]
    assert left == [], "what the killed build had staged beside the output"


def test_a_second_build_of_the_same_output_is_refused_while_one_is_at_work(site: Path) -> None:
    build = stop(site, signal.SIGCONT)
    try:
        done = run("build", site)
        assert done.code == 3
        assert "another build" in done.err
    finally:
        build.kill()
        build.communicate(timeout=30)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_that_may_not_be_written_is_a_failure_that_changes_nothing(site: Path) -> None:
    before = tree(site / "dist")
    (site / "dist").chmod(0o555)
    try:
        assert run("build", site).code == 3
        assert tree(site / "dist") == before
    finally:
        (site / "dist").chmod(0o755)
