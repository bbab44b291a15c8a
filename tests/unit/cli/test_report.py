import json
from collections.abc import Iterable
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regpress.cli.report import (
    append_summary,
    counts_line,
    findings_exit_code,
    json_report,
    printable,
    write_report,
)
from regpress.model.issue import Hidden, Issue, Report


def issue(severity: str = "error", reference: str = "some-rule", **fields: object) -> Issue:
    return Issue(**{"type": "semantic", "severity": severity, "message": "is wrong", "reference": reference, **fields})


def hidden(name: str, **fields: object) -> Hidden:
    return Hidden(
        **{"reason": "shadowed", "kind": "server", "name": name, "source": "b", "registry": "default", **fields}
    )


def written(
    issues: Iterable[Issue],
    capsys: pytest.CaptureFixture[str],
    output_format: str = "text",
    *,
    hides: Iterable[Hidden] = (),
    verbose: bool = False,
) -> list[str]:
    write_report(Report.of(issues, hides), output_format, verbose=verbose)
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_a_finding_is_one_line_with_its_rule_and_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    found = issue(source="team", entry="a.b/c@1", path="version", expected="1.0", file="x.json", line=7, pointer="[2]")
    assert written([found], capsys) == [
        "error: team: a.b/c@1: version: is wrong (expected 1.0) [some-rule]  x.json:7 [2]"
    ]


def test_alike_warnings_are_summed_up_and_errors_never(capsys: pytest.CaptureFixture[str]) -> None:
    alike = [issue(severity, path=f"p{number}") for severity in ("warning", "error") for number in range(9)]
    lines = written(alike, capsys)
    assert sum(line.startswith("error: ") for line in lines) == 9
    assert sum(line.startswith("warning: ") for line in lines) == 5
    assert lines[-1] == "… and 4 more [some-rule] of the site (-v shows them)"
    assert len(written(alike, capsys, verbose=True)) == 18


def test_errors_alone_are_not_called_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(written([issue(path=f"p{number}") for number in range(9)], capsys)) == 9


def test_advice_and_hidden_names_are_shown_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    issues, hides = [issue("info")], [hidden("a.b/c", by="own", versions=2), hidden("a.b/d", by="own")]
    assert written(issues, capsys, hides=hides) == ["hidden: 2 names of b in default: shadowed"]
    assert written(issues, capsys, hides=hides, verbose=True) == [
        "info: is wrong [some-rule]",
        "hidden: server a.b/c of b in default: shadowed by own",
        "hidden: server a.b/d of b in default: shadowed by own",
    ]


def test_json_has_every_member_of_every_finding() -> None:
    report = Report.of([issue(line=3)], [hidden("a.b/c")])
    value = json.loads(json_report(report, {"result": {"done": True}}))
    assert value["counts"] == {"error": 1, "warning": 0, "info": 0}
    assert value["issues"][0].keys() == set(Issue.__annotations__)
    assert value["hidden"][0].keys() == set(Hidden.__annotations__)
    assert value["result"] == {"done": True}


def test_annotations_come_by_severity_with_escaped_properties(capsys: pytest.CaptureFixture[str]) -> None:
    issues = [
        issue("info"),
        issue("error", file="a,b:c.json", line=2, message="50% wrong\nand\rmore"),
        issue("warning"),
    ]
    assert written(issues, capsys, "github") == [
        "::error file=a%2Cb%3Ac.json,line=2,title=some-rule::a,b:c.json: 50%25 wrong\\nand\\rmore",
        "::warning title=some-rule::is wrong",
        "::notice title=some-rule::is wrong",
    ]


def test_annotations_are_so_few_that_the_first_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    many = [issue(severity, path=f"p{number}") for severity in ("error", "warning") for number in range(60)]
    lines = written(many, capsys, "github")
    assert sum(line.startswith("::error") for line in lines) == 50
    assert sum(line.startswith("::warning") for line in lines) == 50


@pytest.mark.parametrize(
    ("severities", "line"),
    [
        ([], "no findings"),
        (["error"], "1 error"),
        (["error", "error", "warning"], "2 errors, 1 warning"),
        (["info"], "1 piece of advice"),
        (["warning", "info", "info"], "1 warning, 2 pieces of advice"),
    ],
)
def test_the_last_line_counts_in_words(severities: list[str], line: str) -> None:
    issues = [issue(severity, path=str(number)) for number, severity in enumerate(severities)]
    assert counts_line(Report.of(issues)) == line


@pytest.mark.parametrize(
    ("severity", "plain", "strict"), [("error", 1, 1), ("warning", 0, 1), ("info", 0, 0), (None, 0, 0)]
)
def test_errors_fail_and_warnings_only_under_strict(severity: str | None, plain: int, strict: int) -> None:
    report = Report.of([issue(severity)] if severity else [])
    assert findings_exit_code(report, strict=False) == plain
    assert findings_exit_code(report, strict=True) == strict


@given(st.text())
def test_a_printable_text_is_one_line_without_control_characters(text: str) -> None:
    shown = printable(text)
    assert shown.splitlines() in ([shown], [])
    assert click.unstyle(shown) == shown
    assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in shown)


@given(st.text("abc äöü✓🌦 /@:.[]"))
def test_ordinary_text_is_printed_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_summary_is_appended_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    assert append_summary("one\n", {"GITHUB_STEP_SUMMARY": str(file)})
    assert append_summary("two\n", {"GITHUB_STEP_SUMMARY": str(file)})
    assert file.read_text() == "one\ntwo\n"
    assert not append_summary("three\n", {})
    assert not append_summary("three\n", {"GITHUB_STEP_SUMMARY": ""})
