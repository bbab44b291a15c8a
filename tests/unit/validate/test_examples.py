"""The documents in tests/examples: found by this suite, checked by the tier that their file name begins with.

``schema-*`` are for the JSON Schemas, ``rules-*`` for everything above them. ``-skill-`` and ``-plugin-`` in a name
say what the document is; all others are servers. An invalid document has its issues beside it, each by path and rule.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from regpress.model.issue import Issue
from regpress.names import Kind
from regpress.validate.check import check_entry
from regpress.validate.lint import lint_issues
from regpress.validate.policy import official_issues
from regpress.validate.rulebook import RULES
from regpress.validate.rules import semantic_issues
from regpress.validate.schema import publisher_issues, schema_issues

EXAMPLES = Path(__file__).parents[2] / "examples"
VALID = sorted((EXAMPLES / "valid").glob("*.json"))
INVALID = sorted(path for path in (EXAMPLES / "invalid").glob("*.json") if not path.name.endswith(".issues.json"))
#: Rules that need no document, or one larger than an example should be, are tested with the tiers.
NOT_IN_EXAMPLES = {"not-an-object", "publisher-metadata-over-256-kib"}


def kind_of(path: Path) -> Kind:
    parts = path.stem.split("-")
    return "skill" if parts[1] == "skill" else "plugin" if parts[1] == "plugin" else "server"


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def issues_by_tier(path: Path) -> tuple[Issue, ...]:
    kind, document = kind_of(path), load(path)
    if path.name.startswith("schema-"):
        return (*schema_issues(kind, document), *(publisher_issues(document) if kind == "server" else ()))
    official = official_issues(document) if kind == "server" else ()
    return (*semantic_issues(kind, document), *official, *lint_issues(kind, document))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_examples_have_no_issues(path: Path) -> None:
    assert [str(issue) for issue in issues_by_tier(path)] == []


@pytest.mark.parametrize("path", [path for path in VALID if path.name.startswith("rules-")], ids=lambda path: path.stem)
def test_valid_examples_of_rules_pass_all_tiers_under_the_official_policy(path: Path) -> None:
    assert [str(issue) for issue in check_entry(kind_of(path), load(path), level="official")] == []


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_examples_have_exactly_the_issues_beside_them(path: Path) -> None:
    expected = load(path.with_suffix(".issues.json"))
    found = [{"path": issue.path, "reference": issue.reference} for issue in issues_by_tier(path)]

    def by_place(item: dict[str, str]) -> tuple[str, str]:
        return item["path"], item["reference"]

    assert sorted(found, key=by_place) == sorted(expected, key=by_place)


def test_issues_beside_examples_belong_to_one() -> None:
    described = {path.name.removesuffix(".issues.json") for path in (EXAMPLES / "invalid").glob("*.issues.json")}
    assert described == {path.stem for path in INVALID}


def test_every_rule_has_an_example() -> None:
    shown = {item["reference"] for path in INVALID for item in load(path.with_suffix(".issues.json"))}
    # What stands beside a document is not in an example, which is one document.
    named = {name for name, rule in RULES.items() if not name.startswith("schema-") and rule.issue_type != "source"}
    assert named - shown == NOT_IN_EXAMPLES
