"""Format against policy: what only the official service demands, and how severe a site takes each rule.

What a format demands is an error everywhere. What the official service demands on top is an error under the policy
``official`` and elsewhere as severe as `regpress.validate.rulebook.RULES` says; a site can change single rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from regpress.model.issue import SEVERITIES, Issue
from regpress.validate.findings import Check, Finding, Part, run, run_each, shown
from regpress.validate.members import unexpected_members
from regpress.validate.policy_package import package_policy_findings
from regpress.validate.rulebook import RULES, issues_of
from regpress.validate.rules_extension import metadata_size_findings
from regpress.validate.urls import fill_template, is_loopback, is_plain_https, scheme_of

Level = Literal["default", "official"]
Override = Literal["error", "warning", "info", "off"]

#: Rules of the JSON Schema tier are named after the schema's keywords.
_SCHEMA_RULES: Final = "schema:"

_REPOSITORY = re.compile(
    r"https?://(?:www\.)?(?:(github)\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"
    r"|(gitlab)\.com/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+)/?"
)
_DOMAIN_NAMESPACE = re.compile(r"(?:[a-zA-Z]{2,63}|xn--[a-zA-Z0-9-]{1,59})(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)+/")
#: Longest label of a domain and longest domain, RFC 1035 section 2.3.4.
_MAX_LABEL: Final = 63
_MAX_DOMAIN: Final = 253


def official_issues(value: Any) -> tuple[Issue, ...]:
    """Return what the official service would demand of a server on top of the format, with default severities.

    That ``$schema`` is there is reported with the JSON Schema, `regpress.validate.schema.schema_issues`.
    """
    if not isinstance(value, dict):
        return ()
    found = run(_SERVER_CHECKS, value)
    return issues_of(found) if found else ()


def is_domain_namespace(name: str) -> bool:
    """Return whether the namespace of a server's name is a reversed domain."""
    found = _DOMAIN_NAMESPACE.match(name)
    return found is not None and (found.end() <= _MAX_LABEL or _fits_a_domain(found.group().rstrip("/")))


def is_known_repository(url: str, source: str) -> bool:
    """Return whether a repository is one at GitHub or GitLab, and *source* says at which."""
    found = _REPOSITORY.fullmatch(url)
    return found is not None and found.group(found.lastindex or 0) == source


def apply_policy(issues: Iterable[Issue], level: Level, overrides: Mapping[str, Override]) -> tuple[Issue, ...]:
    """Return *issues* as severe as a site takes them, without those that it has turned off.

    Args:
        issues: from the three tiers. Rules that are not in `RULES` keep their severity unless overridden by name.
        level: the policy; what `RULES` calls an error under ``official`` becomes one there.
        overrides: rule names to severities; for rules that are fixed they do not count.
    """
    if level == "default" and not overrides:
        return tuple(issues)
    return tuple(kept for issue in issues if (kept := _judged(issue, level, overrides)) is not None)


def override_problems(overrides: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong with a site's severities, one line for each: unknown rules, and rules that are fixed."""
    return tuple(problem for rule, severity in overrides.items() if (problem := _problem(rule, severity)))


def _judged(issue: Issue, level: Level, overrides: Mapping[str, Override]) -> Issue | None:
    rule = RULES.get(issue.reference)
    if rule and rule.is_fixed:
        return issue
    severity = rule.official if rule and level == "official" else issue.severity
    chosen = overrides.get(issue.reference, severity)
    if chosen == "off":
        return None
    return issue if chosen == issue.severity else issue._replace(severity=chosen)


def _problem(name: str, severity: str) -> str:
    if severity not in SEVERITIES and severity != "off":
        return f"{name}: {shown(severity)} is not a severity (expected error, warning, info or off)"
    if name.startswith(_SCHEMA_RULES):
        return ""
    rule = RULES.get(name)
    if rule is None:
        from difflib import get_close_matches  # noqa: PLC0415 - only for what is wrong

        close = get_close_matches(name[:80], RULES, n=1)
        return f"{shown(name)} is not a rule" + (f" (did you mean '{close[0]}'?)" if close else "")
    if rule.is_fixed and severity != "error":
        return f"{name}: this rule protects the output and is always an error, not {severity}"
    return ""


def _namespace_is_a_domain(server: Part) -> Sequence[Finding]:
    name = server.get("name")
    if not isinstance(name, str) or "/" not in name or is_domain_namespace(name):
        return ()
    namespace = name.partition("/")[0]
    message = f"nobody can prove to own the namespace {shown(namespace)}"
    return [Finding("name", "namespace-not-a-domain", message, "a reversed domain such as 'com.example'")]


def _fits_a_domain(namespace: str) -> bool:
    return len(namespace) <= _MAX_DOMAIN and all(len(label) <= _MAX_LABEL for label in namespace.split("."))


def _title_is_visible(server: Part) -> Sequence[Finding]:
    title = server.get("title")
    if not isinstance(title, str) or not title or title.strip():
        return ()
    return [Finding("title", "title-whitespace-only", "the title is only white space", "a name, or no title")]


def _repository_is_known(server: Part) -> Sequence[Finding]:
    repository = server.get("repository")
    if not isinstance(repository, dict):
        return ()
    url, source = repository.get("url", ""), repository.get("source", "")
    # The official API answers {} or empty texts where a publisher gave no repository.
    if not (isinstance(url, str) and isinstance(source, str) and (url or source)):
        return ()
    if is_known_repository(url, source):
        return ()
    message = f"{shown(url)} with source {shown(source)} is not a repository at GitHub or GitLab"
    expected = "'https://github.com/owner/repo' and source 'github', or the same for gitlab"
    return [Finding("repository.url", "invalid-repository-url", message, expected)]


def _website_is_https(server: Part) -> Sequence[Finding]:
    return _https("websiteUrl", server.get("websiteUrl"), "website-url-invalid-scheme")


def _icon_is_https(icon: Part) -> Sequence[Finding]:
    return _https("src", icon.get("src"), "icon-src-invalid-scheme")


def _https(path: str, url: object, rule: str) -> Sequence[Finding]:
    if not isinstance(url, str) or not url or is_plain_https(url) or scheme_of(url) == "https":
        return ()
    return [Finding(path, rule, f"{shown(url)} is not https", "an https URL")]


def _remote_is_public_https(remote: Part) -> Sequence[Finding]:
    url = remote.get("url")
    if not isinstance(url, str) or not url or is_plain_https(url):
        return ()
    filled = fill_template(url)
    if scheme_of(filled) != "https":
        return [Finding("url", "invalid-remote-url", f"{shown(url)} is not https", "an https URL")]
    if is_loopback(filled):
        message = f"{shown(url)} is on the reader's own machine"
        return [Finding("url", "invalid-remote-url", message, "an https URL with a public host")]
    return ()


def _icons_are_https(server: Part) -> Sequence[Finding]:
    return run_each((_icon_is_https,), server["icons"], "icons") if "icons" in server else ()


def _packages_are_public(server: Part) -> Sequence[Finding]:
    return run_each((package_policy_findings,), server["packages"], "packages") if "packages" in server else ()


def _remotes_are_public(server: Part) -> Sequence[Finding]:
    return run_each((_remote_is_public_https,), server["remotes"], "remotes") if "remotes" in server else ()


_SERVER_CHECKS: Final[tuple[Check, ...]] = (
    _namespace_is_a_domain,
    _title_is_visible,
    _repository_is_known,
    _website_is_https,
    _icons_are_https,
    _packages_are_public,
    _remotes_are_public,
    metadata_size_findings,
    unexpected_members,
)
