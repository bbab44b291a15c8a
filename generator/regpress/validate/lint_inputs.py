"""Inputs that users fill in (environment variables, headers, arguments, variables) to advice about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from regpress.validate.findings import Check, Finding, Part, key_path, run, run_each, shown, text_of, within

#: Credentials with a form of their own: GitHub, GitLab, OpenAI and Anthropic, Slack, AWS, Google, JSON Web Tokens.
_CREDENTIAL = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{50,255}|glpat-[A-Za-z0-9_-]{20,100}"
    r"|sk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,200}|xox[abpr]-[A-Za-z0-9-]{20,200}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{10,200}\.eyJ[A-Za-z0-9_-]{10,200})"
)
#: The last word of a name decides: API_KEY is a secret, API_KEY_NAME and KEYWORDS are not.
_SECRET_NAME = re.compile(
    r"(?i)(?:.*[^a-z0-9])?(?:api[_-]?key|access[_-]?key|private[_-]?key|token|secret|password|passwd|authorization)"
)
_SECRET_ENDS: Final = ("key", "token", "secret", "password", "passwd", "authorization")
#: What people write where a user has to put something of their own.
_PLACEHOLDER = re.compile(r"(?i)[<{\[$].*|.*(?:your|example|change|replace|xxx|\.\.\.|…).*", re.DOTALL)
_HOLDERS: Final = ("value", "default")
#: An input that says whether it is secret, and has no members but these, gets no advice.
_QUIET: Final = frozenset(("name", "description", "format", "isRequired", "isSecret", "placeholder", "choices"))
#: Members that say whether users must, may or need not fill in an input.
MARKS: Final = frozenset(("isRequired", "isSecret", *_HOLDERS))
#: Longest beginning of a value that is looked at.
_MAX_VALUE: Final = 2000


def environment_findings(package: Part) -> Sequence[Finding]:
    """Return advice about the environment variables of a package."""
    variables = package.get("environmentVariables")
    if not variables or not isinstance(variables, list):
        return ()
    found = [*run_each((named_input_findings,), variables, "environmentVariables"), *unmarked_inputs(variables)]
    return [*found, *_repeated_names(variables)] if len(variables) > 1 else found


def header_findings(transport: Part) -> Sequence[Finding]:
    """Return advice about the headers of a transport."""
    return run_each((named_input_findings,), transport["headers"], "headers") if "headers" in transport else ()


def variable_findings(holder: Part) -> Sequence[Finding]:
    """Return advice about the map of ``variables`` that a remote or an input has."""
    variables = holder.get("variables")
    if not isinstance(variables, dict):
        return ()
    found: list[Finding] = []
    for name, variable in variables.items():
        if isinstance(variable, dict) and (below := value_findings(variable)):
            found += within(f"variables{key_path(name)}", below)
    return found


def argument_findings(arguments: object, name: str) -> Sequence[Finding]:
    """Return advice about the arguments in the list called *name*."""
    return run_each(_INPUT_CHECKS, arguments, name)


def named_input_findings(part: Part) -> Sequence[Finding]:
    """Return advice about an environment variable or a header."""
    return () if is_quiet_input(part) else run(_NAMED_CHECKS, part)


def is_quiet_input(part: Part) -> bool:
    """Return whether there is clearly nothing to say about an environment variable or a header; False says nothing."""
    if not _QUIET.issuperset(part):
        return False
    name = part.get("name", "")
    # Most names do not end like a secret's, which is all that is of interest then.
    return "isSecret" in part or not isinstance(name, str) or not name.lower().endswith(_SECRET_ENDS)


def value_findings(part: Part) -> Sequence[Finding]:
    """Return advice about the fixed and the default value of an input."""
    if "value" not in part and "default" not in part:
        return ()
    return run(_VALUE_CHECKS, part)


def _secret_has_no_value(part: Part) -> Sequence[Finding]:
    if part.get("isSecret") is not True:
        return ()
    return [
        Finding(key, "secret-has-value", f"a secret has the {key} {shown(text[:4] + '…')}", "none")
        for key in _HOLDERS
        if (text := text_of(part, key)) and not _PLACEHOLDER.fullmatch(text[:_MAX_VALUE]) and "{" not in text
    ]


def _no_credentials(part: Part) -> Sequence[Finding]:
    return [
        Finding(key, "published-credential", f"the {key} looks like a credential ({shown(text[:4] + '…')})", "none")
        for key in _HOLDERS
        if (text := text_of(part, key)) and _CREDENTIAL.search(text[:_MAX_VALUE])
    ]


def _secret_is_marked(part: Part) -> Sequence[Finding]:
    # A publisher who says that it is no secret has thought about it; users do not fill in what has a value.
    if "isSecret" in part or "variables" in part or "value" in part:
        return ()
    name = text_of(part, "name")[:200]
    # Cheaper than the pattern, which few names come to.
    if not name.lower().endswith(_SECRET_ENDS) or not _SECRET_NAME.fullmatch(name):
        return ()
    return [Finding("isSecret", "secret-not-marked", f"{shown(name)} is not marked as a secret", "true")]


def unmarked_inputs(variables: list[object]) -> list[Finding]:
    """Return one finding where no variable of a package is marked: absence means optional if others are marked."""
    if not all(isinstance(variable, dict) and MARKS.isdisjoint(variable) for variable in variables):
        return []
    message = "no variable says whether it is required or secret"
    return [Finding("environmentVariables", "input-not-marked", message, "isRequired and isSecret")]


def _repeated_names(variables: list[object]) -> list[Finding]:
    names = [text_of(variable, "name") if isinstance(variable, dict) else "" for variable in variables]
    if len(set(names)) == len(names):
        return []
    first: dict[str, int] = {}
    return [
        Finding(
            f"environmentVariables[{index}].name",
            "repeated-environment-variable",
            f"{shown(name)} is already environmentVariables[{before}]",
        )
        for index, name in enumerate(names)
        if name and (before := first.setdefault(name, index)) != index
    ]


_VALUE_CHECKS: Final[tuple[Check, ...]] = (_secret_has_no_value, _no_credentials)
_INPUT_CHECKS: Final[tuple[Check, ...]] = (value_findings, variable_findings)
_NAMED_CHECKS: Final[tuple[Check, ...]] = (*_INPUT_CHECKS, _secret_is_marked)
