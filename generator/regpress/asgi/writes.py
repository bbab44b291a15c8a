"""Requests that change something to writes; the order of checks is that of official registry specification 7."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from regpress.asgi import routes
from regpress.asgi.answers import Answer, InputError, dumped, written
from regpress.asgi.events import audit_event
from regpress.asgi.limits import RateLimit
from regpress.asgi.requests import Receive, Request, is_local
from regpress.asgi.writer import Writer
from regpress.audit_log import AuditLog
from regpress.auth import Authenticator
from regpress.desk import Job, Write
from regpress.errors import AuthError, RegistryError
from regpress.live import LiveRegistry
from regpress.model.document import DocumentError, compact_text, parse_json, plain_value
from regpress.model.issue import Issue
from regpress.ownership import Ownership
from regpress.principal import Principal
from regpress.publish import Publisher
from regpress.statuses import StatusChange
from regpress.validate.body import SERVER, STATUS, Rule, body_problems, without_foreign_meta

#: Writes that bring packages, and what their refusal is called.
_OWNED: Final = {"entry.publish": "Failed to publish server", "entry.edit": "Failed to edit server"}


@dataclass(slots=True)
class _Asked:
    """One request for a write, as far as it is understood."""

    request: Request
    registry: LiveRegistry
    event_type: str
    name: str = ""
    version: str = ""
    principal: Principal | None = None
    started: float = 0.0


class WriteRoutes:
    """Answers POST, PUT, PATCH and DELETE requests below the API of one registry."""

    def __init__(
        self,
        publisher: Publisher,
        writer: Writer,
        authenticator: Authenticator,
        log: AuditLog,
        limit: RateLimit,
        *,
        purge: Callable[[str], None],
        guard: Callable[[Principal, str], None],
        ownership: Ownership | None = None,
    ) -> None:
        """Take what writes need.

        *purge* lets no old page mention an entry; *guard* refuses servers that these routes are not for; *ownership*
        asks who publishes packages.
        """
        self._ownership = ownership
        self._purge = purge
        self._guard = guard
        self._publisher = publisher
        self._writer = writer
        self._authenticator = authenticator
        self._log = log
        self._limit = limit

    async def answer(
        self, request: Request, receive: Receive, registry: LiveRegistry, path: routes.ApiPath
    ) -> Answer | None:
        """Return the answer to a request, None where there is no such route.

        Raises:
            RegistryError: it is refused.
        """
        if request.method == "POST" and path.parts == ("validate",):
            self._limit.take(request.client)
            return await self._validate(request, receive)
        asked = _understood(request, registry, path)
        if asked is None:
            return None
        asked.started = time.perf_counter()
        try:
            self._limit.take(request.client)
            return written(await self._write(asked, receive))
        except AuthError as error:
            self._note(asked, "denied", str(error))
            raise
        except RegistryError as error:
            self._note(asked, "failure" if isinstance(error, InputError) else "refused", str(error))
            raise

    async def _write(self, asked: _Asked, receive: Receive) -> bytes:
        authorization = asked.request.header(b"authorization")
        if not authorization:
            # Everything else would be answered to somebody who cannot be told anything.
            await self._authenticator.recognise("", local=is_local(asked.request))
        value = await _body_of(asked, receive)
        asked.principal = await self._authenticator.recognise(authorization, local=is_local(asked.request))
        write = self._prepared(asked, value, asked.principal)
        if self._ownership is not None and asked.event_type in _OWNED:
            await self._ownership.check(plain_value(value), _OWNED[asked.event_type])
        purges = asked.event_type == "entry.delete" and _says(asked.request, "purge")
        if purges:
            # Before and after: a build may begin as soon as the write is done.
            self._purge(asked.name)
        answer = await self._writer.do(Job(write, self._event(asked)))
        if purges:
            self._purge(asked.name)
        return answer

    def _prepared(self, asked: _Asked, value: Any, principal: Principal) -> Write:
        publisher, registry = self._publisher, asked.registry.plan.name
        if asked.event_type == "entry.publish":
            asked.name, asked.version = str(value["name"]), str(value["version"])
        self._guard(principal, asked.name)
        match asked.event_type:
            case "entry.publish":
                return publisher.publish(registry, value, principal, adopt=_says(asked.request, "adopt"))
            case "entry.edit":
                return publisher.edit(registry, asked.name, asked.version, value, principal)
            case "entry.delete":
                return publisher.delete(registry, asked.name, asked.version, principal)
        change = StatusChange(status=value["status"], message=value.get("statusMessage"))
        if asked.event_type == "entry.status.update":
            return publisher.set_status(registry, asked.name, asked.version, change, principal)
        return publisher.set_all_statuses(registry, asked.name, change, principal)

    async def _validate(self, request: Request, receive: Receive) -> Answer:
        value = _checked(await request.body(receive), SERVER)
        issues = self._publisher.issues(value)
        valid = not any(issue.severity == "error" for issue in issues)
        return written(dumped({"valid": valid, "issues": [shown_issue(issue) for issue in issues]}))

    # The log

    def _event(self, asked: _Asked) -> dict[str, Any]:
        """Return what the log says about a write, but for its outcome."""
        target = {
            "resource_type": "server",
            "resource_name": asked.name,
            "registry_name": asked.registry.plan.name,
            "entry_type": "server",
            "version": asked.version,
        }
        return audit_event(asked.request, asked.event_type, asked.principal, target, started=asked.started)

    def _note(self, asked: _Asked, outcome: str, reason: str) -> None:
        kind = {"refused": "failure"}.get(outcome, outcome)
        self._log.append([{**self._event(asked), "outcome": kind, "reason": reason[:500]}], durable=False)


def _understood(request: Request, registry: LiveRegistry, path: routes.ApiPath) -> _Asked | None:
    if request.method == "POST" and path.parts == ("publish",):
        return _Asked(request, registry, "entry.publish")
    where = routes.entry_path(path.parts, path.dialect)
    if where is None or where.kind != "server" or not where.name:
        return None
    match request.method, bool(where.version), where.tail:
        case "PUT", True, "":
            kind = "entry.edit"
        case "DELETE", True, "":
            kind = "entry.delete"
        case "PATCH", True, "status":
            kind = "entry.status.update"
        case "PATCH", False, "status":
            kind = "entry.statuses.update"
        case _:
            return None
    return _Asked(request, registry, kind, where.name, where.version)


def _says(request: Request, parameter: str) -> bool:
    return parse_qs(request.query.decode("latin-1")).get(parameter) == ["true"]


async def _body_of(asked: _Asked, receive: Receive) -> Any:
    if asked.event_type == "entry.delete":
        return None
    rule = SERVER if asked.event_type in {"entry.publish", "entry.edit"} else STATUS
    return _checked(await asked.request.body(receive), rule)


def _checked(data: bytes, rule: Rule) -> Any:
    """Return the value of a body that keeps its rules.

    Raises:
        InputError: it does not.
    """
    try:
        value = parse_json(data)
        compact_text(value)
    except DocumentError as error:
        raise InputError(400, "validation failed", errors=[{"message": str(error), "location": "body"}]) from error
    if rule is SERVER:
        value = without_foreign_meta(value)
    if found := body_problems(plain_value(value), rule):
        raise InputError(422, "validation failed", errors=[problem._asdict() for problem in found])
    return value


def shown_issue(issue: Issue) -> dict[str, str]:
    """Return an issue with the members of the official service, specification 4.6."""
    kind = issue.type if issue.type in {"json", "schema", "semantic", "linter"} else "semantic"
    message = f"{issue.message} (expected {issue.expected})" if issue.expected else issue.message
    return {
        "type": kind,
        "path": issue.path,
        "message": message,
        "severity": issue.severity,
        "reference": issue.reference,
    }
