"""A document to its issues: the three tiers and the site's policy, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from regpress.model.issue import Issue
from regpress.names import Kind
from regpress.validate.findings import Finding
from regpress.validate.lint import lint_issues
from regpress.validate.plain import plain_findings
from regpress.validate.policy import Level, Override, apply_policy, official_issues
from regpress.validate.rulebook import issues_of
from regpress.validate.rules import semantic_issues
from regpress.validate.schema import publisher_issues, schema_issues

_NO_OVERRIDES: Final[Mapping[str, Override]] = MappingProxyType({})


def check_entry(
    kind: Kind,
    value: Any,
    *,
    level: Level = "default",
    overrides: Mapping[str, Override] = _NO_OVERRIDES,
) -> tuple[Issue, ...]:
    """Return all that is to be said about one document, in the order of reports; nothing for most.

    Args:
        kind: what the document should be.
        value: plain JSON values, without `regpress.model.document.NumberText`.
        level: the policy.
        overrides: severities by rule name; see `regpress.validate.policy.override_problems`.
    """
    if not isinstance(value, dict):
        message = f"the document is {_NAMES.get(type(value), 'a number')}"
        return issues_of([Finding("", "not-an-object", message, f"a {kind} object")])
    issues = schema_issues(kind, value)
    if found := _server_issues(value) if kind == "server" else rule_issues(kind, value):
        issues = (*issues, *found)
    if not issues:
        return ()
    judged = apply_policy(issues, level, overrides)
    return judged if len(judged) < 2 else tuple(sorted(dict.fromkeys(judged), key=Issue.sort_key))


def _server_issues(value: Mapping[str, Any]) -> tuple[Issue, ...]:
    """Return what `rule_issues` returns, for nearly all documents without a look at each rule."""
    found = plain_findings(value)
    if found is None:
        return rule_issues("server", value)
    issues = issues_of(found) if found else ()
    return (*issues, *publisher_issues(value)) if "_meta" in value else issues


def rule_issues(kind: Kind, value: Mapping[str, Any]) -> tuple[Issue, ...]:
    """Return what the rules above the JSON Schema of a document find, with default severities; in no order."""
    issues = (*semantic_issues(kind, value), *lint_issues(kind, value))
    return (*issues, *publisher_issues(value), *official_issues(value)) if kind == "server" else issues


_NAMES: Final = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}
