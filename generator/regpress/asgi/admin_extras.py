"""What the admin API has beyond ToolHive's, below ``/v1/x/dev.regpress``: what a caller may, checks, statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from regpress.admin_entries import Managed
from regpress.asgi import routes
from regpress.asgi.answers import InputError, dumped
from regpress.asgi.writes import shown_issue
from regpress.callers import Callers
from regpress.claims import ROLES, Caller, Claims
from regpress.desk import Write
from regpress.names import KINDS
from regpress.principal import Principal
from regpress.statuses import StatusChange
from regpress.validate.body import STATUS, body_problems

_UNSUPPORTED: Final = "unsupported entry type: must be 'server', 'skill', or 'plugin'"


def rights(
    principal: Principal | None, caller: Caller, callers: Callers, managed: Managed, gates: Iterable[Claims]
) -> dict[str, Any]:
    """Return what somebody may do, for programs that offer no more than that.

    Args:
        principal: who it is; None where everybody may read and nobody write.
        caller: what roles and claims they have.
        callers: what the configuration gives.
        managed: the entries that can be written.
        gates: claims that are asked for somewhere; of the caller's own only those with one of their keys are told.
    """
    roles = callers.roles or {}
    keys = {key for claims in (*gates, *(one for rules in roles.values() for one in rules)) for key in claims}
    own = principal.claims if principal else {}
    return {
        "subject": principal.subject if principal else "",
        "method": principal.method if principal else "none",
        "roles": [role for role in ROLES if role in caller.roles],
        "writes": principal is not None,
        "publish": list(principal.patterns("publish")) if principal else [],
        "edit": list(principal.patterns("edit")) if principal else [],
        "claims": {key: own[key] for key in sorted(keys & own.keys()) if _is_claim(own[key])},
        "claimsNeeded": callers.roles is not None,
        "managed": managed.source_name,
    }


def _is_claim(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def validation(managed: Managed, body: Mapping[str, Any], caller: Caller) -> bytes:
    """Return what is to be said about the document of a publication, as the official service words it.

    Raises:
        RefusedWriteError: there is none, or more than one.
    """
    issues = managed.issues(body, caller)
    valid = not any(issue.severity == "error" for issue in issues)
    return dumped({"valid": valid, "issues": [shown_issue(issue) for issue in issues]})


def status_write(managed: Managed, path: tuple[str, str, str | None], body: Mapping[str, Any], caller: Caller) -> Write:
    """Return the write that changes the status of one version, or of all.

    Args:
        managed: the entries that can be written.
        path: kind, name and version, None for all.
        body: of the request.
        caller: who asks; may manage entries.

    Raises:
        RegistryError: it is refused.
    """
    kind, name, version = path
    if kind not in KINDS:
        raise InputError(400, _UNSUPPORTED)
    routes.check_parameter("name", name)
    if version is not None:
        routes.check_parameter("version", version)
    if found := body_problems(body, STATUS):
        raise InputError(422, "validation failed", errors=[problem._asdict() for problem in found])
    change = StatusChange(status=body["status"], message=body.get("statusMessage"))
    return managed.set_status(kind, name, version or "", change, caller)
