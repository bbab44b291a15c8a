from dataclasses import replace

import orjson
from hypothesis import given
from hypothesis import strategies as st

from regpress.model.issue import Hidden, Issue, Report
from regpress.model.kept_report import lists_advice, pack_report, unpack_report

FEW = st.sampled_from(["", "a", "b"])
ISSUES = st.lists(
    st.builds(
        Issue,
        type=st.sampled_from(["schema", "linter"]),
        severity=st.sampled_from(["error", "warning", "info"]),
        message=FEW,
        reference=FEW,
        path=FEW,
        expected=FEW,
        source=FEW,
        entry=FEW,
        file=FEW,
        pointer=FEW,
        line=st.integers(0, 2),
    )
)
HIDDEN = st.lists(
    st.builds(
        Hidden, reason=st.just("filtered"), kind=st.just("server"), name=FEW, source=FEW, versions=st.integers(0, 3)
    )
)


@given(ISSUES, HIDDEN)
def test_a_report_comes_back_as_it_was(issues: list[Issue], hidden: list[Hidden]) -> None:
    report = Report.of(issues, hidden)
    packed = orjson.loads(orjson.dumps(pack_report(report)))
    assert unpack_report(packed, advice=True) == report


@given(ISSUES)
def test_advice_that_is_not_read_is_counted(issues: list[Issue]) -> None:
    report = Report.of(issues)
    short = unpack_report(orjson.loads(orjson.dumps(pack_report(report))), advice=False)
    assert short.issues == tuple(issue for issue in report.issues if issue.severity != "info")
    assert short.counts() == report.counts()


@given(ISSUES, st.integers(0, 3))
def test_advice_that_was_never_listed_stays_counted(issues: list[Issue], unlisted: int) -> None:
    report = replace(Report.of(issues), unlisted=unlisted)
    packed = orjson.loads(orjson.dumps(pack_report(report)))
    assert unpack_report(packed, advice=True) == report
    assert unpack_report(packed, advice=False).counts() == report.counts()
    assert lists_advice(packed) is (unlisted == 0)


@given(ISSUES, ISSUES, HIDDEN)
def test_a_report_that_is_extended_is_that_of_all_issues(
    few: list[Issue], more: list[Issue], hidden: list[Hidden]
) -> None:
    assert Report.of(few, hidden).with_issues(more) == Report.of([*Report.of(few).issues, *more], hidden)
