from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import candidate, official, read, resolve, server, skill, source_of
from regpress.catalog import Catalog
from regpress.merge import Merged, merge
from regpress.resolve import Resolved


def merged(*sources: Resolved, folds_case: bool = False) -> Merged:
    return merge("default", sources, is_default=True, readmes={}, folds_case=folds_case)


def versions(catalog: Catalog, name: str) -> dict[str, str]:
    entry = catalog.by_name["server", name]
    return {version.version: version.source for version in entry.versions}


def test_first_source_wins_for_all_versions() -> None:
    first = source_of("first", server("a.b/x", "1.0.0"))
    second = source_of("second", server("a.b/x", "1.0.0"), server("a.b/x", "2.0.0"), server("a.b/y", "1.0.0"))
    result = merged(first, second)
    assert versions(result.catalog, "a.b/x") == {"1.0.0": "first"}
    assert versions(result.catalog, "a.b/y") == {"1.0.0": "second"}
    assert [(h.reason, h.name, h.source, h.by, h.versions) for h in result.hidden] == [
        ("shadowed", "a.b/x", "second", "first", 2)
    ]


def test_a_server_does_not_shadow_a_skill_of_the_same_name() -> None:
    first = source_of("first", server("com.example/review"))
    second = resolve(read(candidate(skill("com.example/review"), kind="skill")), source="second")
    catalog = merged(first, second).catalog
    assert set(catalog.by_name) == {("server", "com.example/review"), ("skill", "com.example/review")}


# The visibility matrix of the ToolHive specification, section 9: which of three sources is public, and who supplies.
MATRIX = [("", ""), ("C", "C"), ("B", "B"), ("BC", "B"), ("A", "A"), ("AC", "A"), ("AB", "A"), ("ABC", "A")]


@pytest.mark.parametrize(("public", "supplier"), MATRIX)
def test_a_hidden_entry_never_shadows_a_visible_one(public: str, supplier: str) -> None:
    sources = [source_of(name, server("a.b/x"), claims={} if name in public else {"team": "secret"}) for name in "ABC"]
    result = merged(*sources)
    found = {version.source for entry in result.catalog for version in entry.versions}
    assert found == ({supplier} if supplier else set())
    assert {h.source for h in result.hidden if h.reason == "private"} == set("ABC") - set(public)


def test_claims_of_a_single_document_hide_it() -> None:
    documents = read(candidate(server("a.b/x", "1.0.0")), candidate(server("a.b/y"), claims={"team": ["a"]}))
    catalog = merged(resolve(documents)).catalog
    assert set(catalog.by_name) == {("server", "a.b/x")}


def test_unreadable_claims_keep_the_gate_shut() -> None:
    result = merged(resolve(read(candidate(server("a.b/x"), claims=["everybody"])), on_invalid="skip"))
    assert not list(result.catalog)


def test_versions_come_newest_publication_first_and_latest_is_the_highest() -> None:
    documents = [
        candidate(server(version=version), meta=official(publishedAt=f"2026-0{month}-01T00:00:00Z"))
        for month, version in enumerate(["2.0.0", "1.0.0", "1.10.0", "1.9.0"], start=1)
    ]
    entry = merged(resolve(read(*documents))).catalog.by_name["server", "com.example/weather"]
    assert [version.version for version in entry.versions] == ["1.9.0", "1.10.0", "1.0.0", "2.0.0"]
    assert entry.latest.version == "2.0.0"
    assert [version.version for version in entry.versions if version.official.is_latest] == ["2.0.0"]


def flagged(**flags: bool | str) -> Resolved:
    return resolve(
        read(
            *(
                candidate(
                    server(version=version.strip("v").replace("_", ".")),
                    meta=official(isLatest=flag) if isinstance(flag, bool) else official(isLatest=True, status=flag),
                )
                for version, flag in flags.items()
            )
        )
    )


def test_a_sources_own_flag_is_kept_when_exactly_one_visible_version_has_it() -> None:
    result = merged(flagged(v1_0_0=True, v2_0_0=False))
    assert result.catalog.by_name["server", "com.example/weather"].latest.version == "1.0.0"
    assert not result.issues


@pytest.mark.parametrize("flags", [{"v1_0_0": True, "v2_0_0": True}, {"v1_0_0": False, "v2_0_0": False}])
def test_otherwise_the_flag_is_recomputed_and_reported(flags: dict[str, bool]) -> None:
    result = merged(flagged(**flags))
    assert result.catalog.by_name["server", "com.example/weather"].latest.version == "2.0.0"
    assert [issue.reference for issue in result.issues] == ["latest-recomputed"]


def test_a_deleted_version_is_not_visible_and_passes_the_flag_on() -> None:
    result = merged(flagged(v1_0_0=False, v2_0_0="deleted"))
    entry = result.catalog.by_name["server", "com.example/weather"]
    assert entry.latest.version == "1.0.0"
    assert [version.version for version in entry.deleted] == ["2.0.0"]
    assert [version.version for version in entry.versions] == ["1.0.0"]


def test_a_server_whose_versions_are_all_deleted_is_gone_and_reported() -> None:
    result = merged(flagged(v1_0_0="deleted"))
    assert not list(result.catalog)
    assert [(h.reason, h.name) for h in result.hidden] == [("deleted", "com.example/weather")]


@pytest.mark.parametrize(("folds", "severity"), [(False, "warning"), (True, "error")])
def test_names_that_differ_only_in_case_are_reported(folds: bool, severity: str) -> None:
    result = merged(source_of("s", server("a.b/Tool"), server("a.b/tool")), folds_case=folds)
    assert [(issue.reference, issue.severity) for issue in result.issues] == [("case-collision", severity)]


NAMES = st.sampled_from(["a.b/x", "a.b/y", "a.c/x"])
DOCUMENTS = st.lists(st.tuples(NAMES, st.sampled_from(["1.0.0", "1.1.0", "2.0.0-rc.1"])), max_size=6, unique=True)


def comparable(catalog: Catalog) -> list[tuple[object, ...]]:
    return [
        (str(entry.name), entry.latest.version, tuple((v.version, v.text, v.source) for v in entry.versions))
        for entry in catalog
    ]


@given(DOCUMENTS)
def test_merging_a_registry_with_itself_changes_nothing(documents: list[tuple[str, str]]) -> None:
    source = source_of("s", *(server(*document) for document in documents))
    assert comparable(merged(source, source).catalog) == comparable(merged(source).catalog)


@given(DOCUMENTS)
def test_the_order_of_input_does_not_show(documents: list[tuple[str, str]]) -> None:
    results = [
        comparable(merged(source_of("s", *(server(*document) for document in order))).catalog)
        for order in list(permutations(documents))[:10]
    ]
    assert all(result == results[0] for result in results)


@given(DOCUMENTS, DOCUMENTS)
def test_every_name_is_supplied_by_exactly_one_source(
    left: list[tuple[str, str]], right: list[tuple[str, str]]
) -> None:
    result = merged(
        source_of("left", *(server(*document) for document in left)),
        source_of("right", *(server(*document) for document in right)),
    )
    for entry in result.catalog:
        owner = "left" if str(entry.name) in {name for name, _ in left} else "right"
        expected = {version for name, version in (left if owner == "left" else right) if name == str(entry.name)}
        assert {(version.version, version.source) for version in entry.versions} == {(v, owner) for v in expected}
        assert sum(version.official.is_latest for version in entry.versions) == 1
