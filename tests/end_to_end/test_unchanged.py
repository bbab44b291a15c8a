"""A build that has nothing to do says so, in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

from builders import dumps, server
from sites import registry_file, run, run_program, write_site

#: What reads, checks, merges and renders: none of it is needed to see that nothing changed, and all of it takes long to
#: import.
HEAVY = {
    "git",
    "jinja2",
    "jsonschema_rs",
    "regpress.api",
    "regpress.gathering",
    "regpress.hosts.cloudflare",
    "regpress.html.render",
    "regpress.merge",
    "regpress.model.registry",
    "regpress.output.replacement",
    "regpress.rendering",
    "regpress.resolve",
    "regpress.validate",
    "urllib.request",
}
#: What reads and checks a configuration.
CHECKING = {"pydantic", "yaml"}
MODULES = """
import sys
from regpress.cli.main import main
try:
    main(["build", "--host", "nginx"])
finally:
    print("\\n".join(sys.modules))
"""


def git(folder: Path, *arguments: str) -> None:
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    names = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, check=True, env={**os.environ, **identity, **names}, timeout=60)


def test_a_second_process_finds_nothing_to_do_whatever_the_order_of_its_sets(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    servers = [server(f"com.example/s{number}", f"1.{number}.0") for number in range(20)]
    file = {"version": "1.0.0", "meta": {"last_updated": "2026-01-01T00:00:00Z"}, "data": {"servers": servers}}
    (site / "registry.json").write_bytes(dumps(file))
    git(site, "init", "-q")
    git(site, "add", "registry.json")
    git(site, "commit", "-q", "-m", "first")
    said = []
    for seed in ("1", "2", "3"):
        program = "from regpress.cli.main import main; main(['build'])"
        found = subprocess.run(
            [sys.executable, "-c", program],
            cwd=site,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert found.returncode == 0, found.stderr
        said.append("nothing to do" in found.stderr)
    assert said == [False, True, True]


def test_a_build_with_nothing_to_do_imports_nothing_that_reads_or_renders(tmp_path: Path) -> None:
    file = registry_file(server("com.example/weather"))
    site = write_site(tmp_path / "site", {"registry.json": file}, catalog={"enabled": True})

    def imported() -> set[str]:
        found = subprocess.run([sys.executable, "-c", MODULES], cwd=site, capture_output=True, text=True, timeout=120)
        assert found.returncode == 0, found.stderr
        return set(found.stdout.splitlines())

    assert (HEAVY | CHECKING) - {"git", "regpress.hosts.cloudflare", "urllib.request"} <= imported()
    assert not (HEAVY | CHECKING) & imported()


def test_a_site_without_a_configuration_is_built_without_what_reads_and_checks_one(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"registry.json": registry_file(server("com.example/weather"))})
    (site / "config.yaml").unlink()
    program = MODULES.replace('"nginx"', '"nginx", "--base-url", "https://example.org/r"')
    found = subprocess.run([sys.executable, "-c", program], cwd=site, capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stderr
    assert "jinja2" in found.stdout.splitlines()
    assert not CHECKING & set(found.stdout.splitlines())


def test_a_configuration_that_is_kept_counts_no_more_when_its_text_or_a_variable_changes(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"registry.json": registry_file(server("com.example/weather"))}, title="First")
    sound = (site / "config.yaml").read_text()
    site.joinpath("config.yaml").write_text(sound.replace("enabled: false", "enabled: true"))
    page = site / "dist" / "index.html"
    for _ in range(3):
        assert run("build", site).code == 0
        assert "First" in page.read_text()
    assert (site / ".regpress" / "config.json").exists()
    assert run("build", site, REGPRESS_SITE_TITLE="Second").code == 0
    assert "Second" in page.read_text()
    done = run("build", site, REGPRESS_SITE_THEME="light")
    assert (done.code, "REGPRESS_SITE_THEME" in done.err) == (0, True)
    assert "First" in page.read_text()
    again = run("build", site, REGPRESS_SITE_THEME="light")
    assert (again.code, "REGPRESS_SITE_THEME" in again.err) == (0, True)
    site.joinpath("config.yaml").write_text("sources: 1\n")
    assert run("build", site).code == 2


def test_a_configuration_is_kept_by_builds_alone(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"registry.json": registry_file(server("com.example/weather"))})
    assert run("check", site).code == 0
    assert not (site / ".regpress").exists()


def test_a_build_with_nothing_to_do_says_the_findings_of_the_last_one_again(tmp_path: Path) -> None:
    servers = [{**server(f"com.example/{name}", name), "packages": []} for name in ("clock", "weather")]
    site = write_site(tmp_path / "site", {"registry.json": registry_file(*servers)})
    first, again = (run("build", site, "--format", "json", "-j", "1") for _ in range(2))
    reports = [json.loads(done.out) for done in (first, again)]
    assert [report["result"]["unchanged"] for report in reports] == [False, True]
    advice = reports[0]["counts"]["info"]
    assert advice
    assert reports[0]["counts"] == reports[1]["counts"]
    assert reports[0]["issues"] == reports[1]["issues"]
    short, long = run("build", site), run("build", site, "-v")
    assert f"{advice} pieces of advice" in short.err
    assert f"{advice} pieces of advice" in long.err
    assert len(long.out.splitlines()) == len(short.out.splitlines()) + advice


def test_a_build_lists_the_advice_that_the_last_one_only_counted(tmp_path: Path) -> None:
    servers = [{**server(f"com.example/{name}", name), "packages": []} for name in ("clock", "weather")]
    site = write_site(tmp_path / "site", {"registry.json": registry_file(*servers)})
    short, long = run("build", site), run("build", site, "-v")
    assert "nothing to do" not in short.err
    assert "nothing to do" in long.err
    counted = next(line for line in short.err.splitlines() if "pieces of advice" in line)
    assert counted in long.err
    assert len(long.out.splitlines()) == len(short.out.splitlines()) + int(counted.partition(" ")[0])
    assert run("build", site, "-v").out == long.out


def test_a_site_that_cannot_be_opened_says_so_although_its_output_is_looked_at(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"registry.json": registry_file(server("com.example/weather"))})
    sound = (site / "config.yaml").read_bytes()
    assert run_program("build", "--jobs", "2", cwd=site).code == 0
    (site / "config.yaml").write_text("sources: 1\n")
    done = run_program("build", "--jobs", "2", cwd=site)
    assert done.code == 2
    assert "config.yaml:1" in done.err
    (site / "config.yaml").write_bytes(sound)
    assert "nothing to do" in run_program("build", "--jobs", "2", cwd=site).err
