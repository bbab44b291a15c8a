"""Every kind of bad input: which exit code, which line, and that the last good output stays byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import SCHEMA, server
from sites import config, registry_file, run, run_program, tree, write_file, write_site

CONFIG = """\
sources:
  - name: list
    file: {path: list.json}
registries:
  - name: default
    sources: [list]
site:
  catalog: {enabled: false}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site whose output is good."""
    made = write_site(tmp_path / "site", {"config.yaml": CONFIG, "list.json": registry_file(server())})
    assert run("build", made).code == 0
    return made


# Exit code 2: usage and configuration


#: What replaces a part of CONFIG: then the line, the place and some words of the message.
DEFECTS = [
    ("path: list.json", "pth: list.json", 3, "sources[0].file.pth", "did you mean 'path'"),
    ("{path: list.json}", "{path: list.json, url: 'https://example.com/x'}", 3, "sources[0].file", "exclude each"),
    ("registries:", "    managed: {}\nregistries:", 2, "sources[0]", "types file and managed"),
    ("sources: [list]", "sources: [lst]", 6, "registries[0].sources[0]", "there is no source 'lst'"),
    ("sources: [list]", "sources: list", 6, "registries[0].sources", "a list"),
    ("sources: [list]", "sources: []", 6, "registries[0].sources", "at least one"),
    ("{enabled: false}", "{enabled: yes please}", 8, "site.catalog.enabled", "true or false"),
    ("site:", "sight:", 7, "sight", "did you mean 'site'"),
    ("name: default", "name: Default", 5, "registries[0].name", "lower-case"),
    ("  catalog: {", "  catalog: {enabled: true}\n  catalog: {", 8, "site.catalog", "again on line 9"),
    ("  catalog: {", "  host: github_pages\n  catalog: {", 8, "site.host", "github-pages"),
    (
        "  catalog: {",
        "  policy: {rules: {no-such-rule: off}}\n  catalog: {",
        8,
        "site.policy.rules.no-such-rule",
        "not a rule",
    ),
]


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect[3])
def test_a_defect_of_the_configuration_is_named_with_file_line_and_key(
    defect: tuple[str, str, int, str, str], site: Path
) -> None:
    old, new, line, key, words = defect
    before = tree(site / "dist")
    assert CONFIG.count(old) == 1
    write_file(site / "config.yaml", CONFIG.replace(old, new))
    done = run("build", site)
    assert (done.code, done.out) == (2, "")
    found = [text for text in done.err.splitlines() if f": {key}" in text]
    assert found, done.err
    assert found[0].startswith(f"error: {site / 'config.yaml'}:{line}: ")
    assert words in found[0]
    assert tree(site / "dist") == before


def test_all_defects_of_the_configuration_are_reported_at_once(site: Path) -> None:
    write_file(site / "config.yaml", CONFIG.replace("path:", "pth:").replace("[list]", "[lst]").replace("site:", "s:"))
    done = run("check", site)
    assert done.code == 2
    assert len([line for line in done.err.splitlines() if line.startswith("error: ")]) >= 3


@pytest.mark.parametrize(
    "text", ["", "sources: [", "\t", "- a", "a: &x [*x]", "\x00", "!!python/object:os.system {}", "a: 1\n---\nb: 2\n"]
)
def test_a_configuration_that_is_no_yaml_of_ours_is_refused_in_one_line(text: str, site: Path) -> None:
    write_file(site / "config.yaml", text)
    done = run("build", site)
    assert done.code == 2
    assert done.err.startswith(f"error: {site / 'config.yaml'}:")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["check", "build"])
def test_a_template_of_the_site_that_is_none_is_found_before_anything_is_written(command: str, site: Path) -> None:
    write_file(site / "config.yaml", CONFIG.replace("enabled: false", "enabled: true"))
    write_file(site / "templates/404.html", "<p>\n{% if %}")
    before = tree(site / "dist")
    done = run(command, site)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: templates: 404.html:2: ")
    assert tree(site / "dist") == before


def test_a_configuration_in_utf_16_is_refused(site: Path) -> None:
    write_file(site / "config.yaml", CONFIG.encode("utf-16"))
    done = run("build", site)
    assert done.code == 2
    assert "UTF-8" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "githubpages"], "did you mean 'github-pages'"),
        (["--base-url", "registry"], "--base-url: 'registry' is not an absolute address"),
        (["--base-url", "ftp://example.com"], "ftp"),
        (["--base-url", "https://user:secret@example.com"], "--base-url"),
        (["--jobs", "0"], "--jobs"),
        (["--format", "xml"], "--format"),
        (["--no-such-option"], "--no-such-option"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_an_option_that_cannot_be_used_is_a_usage_error(arguments: list[str], words: str, site: Path) -> None:
    done = run("build", site, *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_folder_that_is_no_site_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        done = run("build", folder)
        assert done.code == 2
        assert done.err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


# Exit code 1: documents


def with_entry(entry: Any) -> dict[str, Any]:
    return registry_file(server("com.example/good"), entry)


def nested(levels: int) -> Any:
    return [] if levels == 0 else [nested(levels - 1)]


DOCUMENTS = {
    "climbing": (with_entry(server("../..")), "name"),
    "climbing namespace": (with_entry(server("../etc")), "name"),
    "climbing version": (with_entry(server(version="../../../../etc/passwd")), "version"),
    "slash in version": (with_entry(server(version="1.0/2")), "version"),
    "backslash": (with_entry(server(version="1.0\\2")), "version"),
    "control": (with_entry(server(version="1.0\u0000")), "version"),
    "encoded slash": (with_entry(server("com.example/a%2fb")), "name"),
    "index": (with_entry(server("com.example/index.json")), "name"),
    "latest": (with_entry(server(version="latest")), "version"),
    "long name": (with_entry(server("com.example/" + "n" * 300)), "name"),
    "long version": (with_entry(server(version="1." + "0" * 300)), "version"),
    "no version": (with_entry({"$schema": SCHEMA, "name": "com.example/x", "description": "x"}), ""),
    "null": (with_entry(None), ""),
    "array": (with_entry([]), ""),
    "deep": (with_entry(server(_meta={"com.example/x": nested(150)})), ""),
    "unknown format": ({"hello": "world"}, ""),
    "half a surrogate": (with_entry(server(description="\ud800")), ""),
    "twice": (registry_file(server(), server(description="Other")), ""),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_that_cannot_be_published_stops_the_build_and_the_output_stays(case: str, site: Path) -> None:
    document, path = DOCUMENTS[case]
    before = {**tree(site), "list.json": b""}
    write_file(site / "list.json", document)
    done = run("build", site, "--format", "json")
    assert done.code == 1
    errors = [issue for issue in done.json["issues"] if issue["severity"] == "error"]
    assert errors
    assert all(issue["source"] == "list" and issue["file"] == "list.json" for issue in errors)
    assert all(issue["line"] > 0 for issue in errors)
    assert not path or path in {issue["path"] for issue in errors}
    assert "was not touched" in done.err
    assert {**tree(site), "list.json": b""} == before


TEXTS = {
    "empty": (b"", "empty", 1),
    "half": (b'{"version": "1.0.0",\n "meta": {', "not JSON", 2),
    "utf-16": ('{"servers": []}'.encode("utf-16"), "UTF-16", 1),
    "latin-1": ('{"servers": [],\n "x": "é"}'.encode("latin-1"), "UTF-8", 2),
    "duplicate key": (b'{"servers": [],\n "a": 1,\n "servers": []}', "'servers' stands twice", 3),
    "nan": (b'{"servers": [], "x": NaN}', "NaN", 0),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply", 0),
    "text": (b"Hello", "not JSON", 1),
    "html": (b"<!doctype html><title>Sign in</title>", "not JSON", 1),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_file_that_is_no_json_stops_the_build_and_the_output_stays(case: str, site: Path) -> None:
    data, words, line = TEXTS[case]
    before = tree(site / "dist")
    write_file(site / "list.json", data)
    done = run("build", site, "--format", "json")
    assert done.code == 1
    (issue,) = [issue for issue in done.json["issues"] if issue["severity"] == "error"]
    assert words in issue["message"] + issue["expected"]
    assert issue["line"] == line or not line
    assert tree(site / "dist") == before


def test_one_bad_entry_of_many_is_skipped_where_the_source_allows_it(site: Path) -> None:
    source = {"name": "list", "onInvalid": "skip", "file": {"path": "list.json"}}
    write_file(site / "config.yaml", config(source))
    bad = [document for document, _ in DOCUMENTS.values() if "data" in document]
    entries = [entry for document in bad for entry in document["data"]["servers"]]
    kept = {("com.example/good", "1.0.0"), ("com.example/weather", "1.0.0")}
    write_file(site / "list.json", registry_file(*entries))
    done = run("build", site, "--format", "json")
    assert done.code == 0, done.out
    assert done.json["counts"]["error"] == 0
    served = json.loads((site / "dist/v0.1/servers.json").read_bytes())["servers"]
    assert {(entry["server"]["name"], entry["server"]["version"]) for entry in served} == kept
    skipped = [issue for issue in done.json["issues"] if "the entry is skipped" in issue["message"]]
    assert len(skipped) >= len(bad) - 1


@pytest.mark.parametrize(("on_invalid", "code"), [("skip", 0), ("keep", 0), ("fail", 1)])
def test_a_broken_file_of_a_folder_is_skipped_where_the_source_allows_it(
    on_invalid: str, code: int, tmp_path: Path
) -> None:
    source = {"name": "folder", "onInvalid": on_invalid, "file": {"path": "folder"}}
    files = {"folder/good.json": server(), "folder/broken.json": b"{", "folder/other.json": b'{"hello": "world"}'}
    site = write_site(tmp_path / "site", {"config.yaml": config(source), **files})
    done = run("build", site, "--format", "json")
    assert done.code == code
    found = {issue["file"]: issue["severity"] for issue in done.json["issues"]}
    severity = "error" if code else "warning"
    assert found == {"folder/broken.json": severity, "folder/other.json": severity}


def test_a_source_whose_only_file_is_broken_is_never_taken_for_an_empty_one(site: Path) -> None:
    before = tree(site / "dist")
    for on_invalid in ("skip", "keep"):
        write_file(
            site / "config.yaml", config({"name": "list", "onInvalid": on_invalid, "file": {"path": "list.json"}})
        )
        write_file(site / "list.json", b"<html>Sign in</html>")
        assert run("build", site).code == 1
    assert tree(site / "dist") == before


def test_nothing_is_written_outside_the_output_whatever_names_say(tmp_path: Path) -> None:
    around = tmp_path / "around"
    source = {"name": "list", "onInvalid": "keep", "file": {"path": "list.json"}}
    hostile = [entry for document, _ in DOCUMENTS.values() for entry in document.get("data", {}).get("servers", ())]
    site = write_site(around / "site", {"config.yaml": config(source), "list.json": registry_file(*hostile)})
    assert run("build", site).code == 0
    outside = {name for name in tree(around) if not name.startswith(("site/dist/", "site/.regpress/"))}
    assert outside == {"site/config.yaml", "site/list.json"}
    assert all(len(part.encode()) <= 255 for name in tree(site / "dist") for part in name.split("/"))


# Exit code 3: sources and storage


def test_a_source_that_does_not_exist_stops_the_build_and_the_output_stays(site: Path) -> None:
    before = tree(site / "dist")
    (site / "list.json").unlink()
    done = run("build", site)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: list: list.json: does not exist")
    assert tree(site / "dist") == before


def test_an_address_that_nobody_answers_stops_the_build_and_v_tells_why(site: Path) -> None:
    source = {"name": "far", "file": {"url": "http://127.0.0.1:1/registry.json", "timeout": "5s"}}
    write_file(site / "config.yaml", config(source, trust={"allowPrivateAddresses": True}))
    done = run("build", site)
    assert done.code == 3
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("error: far: http://127.0.0.1:1/registry.json: ")
    verbose = run("build", site, "-v")
    assert verbose.code == 3
    assert "because:" in verbose.err


def test_a_private_address_is_not_asked_unless_the_configuration_allows_it(site: Path) -> None:
    write_file(site / "config.yaml", config({"name": "near", "file": {"url": "http://127.0.0.1:1/registry.json"}}))
    done = run("build", site)
    assert done.code == 3
    assert "allowPrivateAddresses" in done.err


def test_a_folder_with_other_files_is_not_taken_for_an_output(site: Path) -> None:
    before = tree(site)
    done = run("build", site, "--out", site)
    assert (done.code, done.out) == (1, "")
    assert "not empty" in done.err
    assert {name: data for name, data in tree(site).items() if not name.endswith(".lock")} == {
        name: data for name, data in before.items() if not name.endswith(".lock")
    }


# Reports


def test_the_json_report_has_a_fixed_shape(site: Path) -> None:
    write_file(site / "list.json", with_entry(server(remotes=[{"type": "sse", "url": "not an address"}])))
    for command, extra in (("check", set()), ("build", {"result"})):
        done = run(command, site, "--format", "json")
        assert done.code == 1
        report = done.json
        assert report.keys() == {"counts", "issues", "hidden"} | extra
        assert report["counts"].keys() == {"error", "warning", "info"}
        for issue in report["issues"]:
            assert {key: type(value) for key, value in issue.items()} == {
                **dict.fromkeys(("type", "severity", "path", "message", "reference", "expected", "source"), str),
                **dict.fromkeys(("entry", "file", "pointer"), str),
                "line": int,
            }
        for item in report["hidden"]:
            assert {key: type(value) for key, value in item.items()} == {
                **dict.fromkeys(("reason", "kind", "name", "source", "registry", "by"), str),
                "versions": int,
            }
        assert report["hidden"]


def test_the_json_report_of_a_build_says_what_was_written(site: Path) -> None:
    write_file(site / "list.json", registry_file(server(), server(version="2.0.0")))
    result = run("build", site, "--format", "json").json["result"]
    assert result.keys() == {"out", "done", "unchanged", "registries", "written", "removed"}
    assert (result["out"], result["done"], result["unchanged"]) == (str(site / "dist"), True, False)
    assert result["registries"]["default"]["serverVersions"] == 2
    assert result["written"] > 0
    again = run("build", site, "--format", "json").json["result"]
    assert (again["unchanged"], again["written"], again["removed"]) == (True, 0, 0)
    assert again["registries"] == result["registries"]


def test_annotations_name_file_and_line_and_escape_what_ends_a_line(site: Path) -> None:
    bad = server("com.example/bad", version="1.0\n::error::%", description="x")
    text = json.dumps(registry_file(server("com.example/good"), bad), indent=1)
    write_file(site / "list.json", text)
    done = run("check", site, "--format", "github")
    assert done.code == 1
    lines = done.out.splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    start = next(number for number, line in enumerate(text.splitlines(), 1) if "1.0\\n" in line)
    found = [line for line in lines if line.startswith("::error file=list.json,")]
    assert found
    assert f",line={start}," in found[0]
    assert "%25" in found[0] or "%" not in found[0].partition("::error ")[2].replace("%0A", "")


def test_what_a_document_says_moves_no_cursor_and_begins_no_line(site: Path) -> None:
    hostile = server("com.example/bad", "1.0\x1b[2J\n::error::\u202efake", description="x")
    write_file(site / "list.json", with_entry(hostile))
    for output_format in ("text", "github"):
        done = run("check", site, "--format", output_format)
        assert done.code == 1
        assert not any(control in done.out for control in "\x1b\u202e")
        assert not any(line.startswith("::error::") for line in done.out.splitlines())


def test_strict_turns_warnings_into_failures_and_writes_nothing(site: Path) -> None:
    warned = server("com.example/warned", repository={"url": "https://git.example.com/x", "source": "elsewhere"})
    write_file(site / "list.json", registry_file(warned))
    before = tree(site / "dist")
    plain, strict = run("check", site), run("check", site, "--strict")
    assert (plain.code, strict.code) == (0, 1)
    assert plain.out == strict.out != ""
    assert run("build", site, "--strict").code == 1
    assert tree(site / "dist") == before
    assert run("build", site).code == 0


def test_a_finding_says_where_what_and_what_would_be_right(site: Path) -> None:
    write_file(site / "list.json", with_entry(server("com.example/bad", "^1.2.0")))
    done = run("check", site)
    (line,) = [line for line in done.out.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: list: com.example/bad@^1.2.0: version: ")
    assert "(expected " in line
    assert "[version-looks-like-range]" in line
    assert "list.json:" in line


def test_standard_error_of_a_pipe_has_no_progress_and_no_colours(site: Path) -> None:
    write_file(site / "list.json", registry_file(server(description="Other")))
    done = run_program("build", ".", cwd=site, FORCE_COLOR="")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "…" not in done.err
    assert len(done.err.splitlines()) <= 6


def test_data_goes_to_standard_output_and_the_rest_to_standard_error(site: Path) -> None:
    write_file(site / "list.json", with_entry(server("com.example/bad", "^1.2.0")))
    done = run_program("check", ".", "--format", "json", cwd=site)
    assert done.code == 1
    assert done.json["counts"]["error"] == 1
    assert done.err.startswith("1 error")
