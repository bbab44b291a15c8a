"""Requests below ``/v1`` to use cases: the admin API of the ToolHive Registry Server, specification 5 to 8.

A token comes first, then the role, then path and body.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs

from regpress import admin_changes as changes
from regpress.admin_entries import Managed
from regpress.admin_sources import Sources
from regpress.asgi import admin_extras, routes
from regpress.asgi.answers import Answer, InputError, problem, written
from regpress.asgi.changing import Changer
from regpress.asgi.events import audit_event
from regpress.asgi.limits import RateLimit
from regpress.asgi.looking import Gate
from regpress.asgi.requests import Receive, Request
from regpress.asgi.syncing import Syncer
from regpress.asgi.writer import Writer
from regpress.audit_log import AuditLog
from regpress.callers import ROLE_REFUSED
from regpress.claims import ROLES, UNGATED, Caller, Role
from regpress.desk import Event, Job, Write
from regpress.errors import (
    AuthError,
    ForbiddenError,
    NotOfferedError,
    RefusedWriteError,
    RegistryError,
    UnauthenticatedError,
)
from regpress.model.document import DocumentError, compact_text, parse_json, plain_value
from regpress.names import KINDS, Kind
from regpress.ownership import Ownership
from regpress.principal import Principal
from regpress.record import record
from regpress.service import Service, clock

_NEEDED: Final = "authentication required"
_READS: Final = frozenset({"GET", "HEAD"})
#: Events that change sources and registries; what creates one is an update until it is known to be new.
_CHANGES: Final = frozenset({"source.update", "source.delete", "registry.update", "registry.delete"})


@dataclass(slots=True)
class _Asked:
    """One request, as far as it is understood."""

    request: Request
    event_type: str
    caller: Caller
    principal: Principal | None
    target: dict[str, str] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)


@record(kw_only=True)
class AdminRoutes:
    """Answers requests below ``/v1``.

    Attributes:
        gate: recognises callers.
        managed: the entries that can be written.
        sources: the sources and registries that can be looked at.
        syncer: looks at sources.
        changer: changes sources and registries.
        writer: does the writes.
        log: where they are noted, and those that were refused.
        limit: how often one caller may write.
        ownership: asks who publishes packages; None where nobody does.
    """

    gate: Gate
    managed: Managed
    sources: Sources
    syncer: Syncer
    changer: Changer
    writer: Writer
    log: AuditLog
    limit: RateLimit
    ownership: Ownership | None = None

    async def answer(self, request: Request, receive: Receive, parts: tuple[str, ...]) -> Answer:
        """Return the answer to a request.

        Args:
            request: the request.
            receive: gives the parts of its body.
            parts: the segments of its path behind ``/v1``.

        Raises:
            RegistryError: it is refused.
        """
        method = "GET" if request.method == "HEAD" else request.method
        event_type, role = _route(parts).methods.get(method, ("", None))
        # Everything is noted: nobody may fill the disk by asking.
        self.limit.take(request.client)
        asked = _Asked(request, event_type or "unknown", Caller(), None)
        try:
            await self._recognise(asked)
            if not event_type:
                return _nothing(parts)
            if role is not None and not asked.caller.has(role):
                raise ForbiddenError(ROLE_REFUSED)
            answer = await self._answered(asked, receive, parts)
        except NotOfferedError as error:
            self._note(asked, "error", str(error))
            # The one situation of this site that clients know as a failure of the service.
            return problem(500, error.detail)
        except AuthError as error:
            asked.event_type = "auth.unauthenticated" if isinstance(error, UnauthenticatedError) else asked.event_type
            self._note(asked, "denied", str(error))
            raise
        except RegistryError as error:
            self._note(asked, "failure", str(error))
            raise
        if request.method in _READS:
            self._note(asked, "success")
        return answer

    async def _recognise(self, asked: _Asked) -> None:
        request, callers = asked.request, self.gate.callers
        if callers.anonymous and (request.method in _READS):
            asked.caller = UNGATED
            return
        asked.principal = await self.gate.recognise(request, "toolhive")
        asked.caller = callers.caller(asked.principal)

    async def _answered(self, asked: _Asked, receive: Receive, parts: tuple[str, ...]) -> Answer:
        match asked.event_type:
            case "user.info":
                return _me(asked)
            case "user.rights":
                return written(await self._rights(asked))
            case "entry.publish":
                return await self._publish(asked, receive)
            case "entry.validate":
                return written(admin_extras.validation(self.managed, await _body(asked.request, receive), asked.caller))
            case "entry.status.update" | "entry.statuses.update":
                return await self._set_status(asked, receive, parts[2:])
            case "source.sync.list":
                return written({"history": self._seen_events(asked)})
            case "source.sync":
                return await self._sync(asked)
            case "entry.delete":
                _, kind, name, _, version = parts
                return await self._delete(asked, kind, name, version)
        if asked.event_type in _CHANGES:
            return await self._changed(asked, receive, parts[1])
        if parts[0] in {"sources", "registries"}:
            return written(self._shown(asked, parts))
        _, kind, name, _ = parts
        return await self._claims(asked, receive, kind, name)

    def _seen_events(self, asked: _Asked) -> list[dict[str, Any]]:
        """Return what came of the last looks at sources that the caller sees."""
        seen = {source["name"] for source in self.sources.sources(asked.caller)["sources"]}
        return [event for event in self.syncer.history() if seen.issuperset(event["sources"])]

    async def _sync(self, asked: _Asked) -> Answer:
        wanted = parse_qs(asked.request.query.decode("latin-1")).get("source", [])
        for name in wanted:
            self.sources.source(name, asked.caller)
        seen = [source["name"] for source in self.sources.sources(asked.caller)["sources"] if "syncStatus" in source]
        names = [name for name in wanted or seen if name in seen]
        if not names:
            raise RefusedWriteError("there is no source to sync")
        asked.target = {"resource_name": ",".join(names)}
        event = await self.syncer.sync(names, trigger="request")
        self._note(asked, "success" if event["phase"] == "complete" else "error", event.get("message", ""))
        return written(event)

    def _shown(self, asked: _Asked, parts: tuple[str, ...]) -> dict[str, Any]:
        sources, caller = self.sources, asked.caller
        if len(parts) == 1:
            return sources.sources(caller) if parts[0] == "sources" else sources.registries(caller)
        name = parts[1]
        routes.check_parameter("name", name)
        asked.target = {"resource_name": name}
        match asked.event_type:
            case "source.read":
                return sources.source(name, caller)
            case "source.entries.list":
                return sources.source_entries(name, caller)
            case "registry.read":
                return sources.registry(name, caller)
        return sources.registry_entries(name, caller)

    async def _changed(self, asked: _Asked, receive: Receive, name: str) -> Answer:
        """Create, replace or delete a source or registry, and return it as it is then."""
        routes.check_parameter("name", name)
        asked.target = {"resource_name": name}
        is_put = asked.request.method == "PUT"
        body = await _body(asked.request, receive) if is_put else {}

        def tell(change: changes.Change) -> Event:
            if change.is_new:
                asked.event_type = f"{change.label}.create"
            return self._event(asked)

        done, service = await self.changer.change(partial(_change, asked, name, body), tell)
        if not is_put:
            return Answer(204, cache=b"no-store")
        sources = replace(self.sources, config=service.site.config, created=service.site.created, live=service.live)
        shown = sources.changed_source(name) if done.label == "source" else sources.changed_registry(name)
        return written(shown, status=201 if done.is_new else 200)

    async def _publish(self, asked: _Asked, receive: Receive) -> Answer:
        body = await _body(asked.request, receive)
        write = self.managed.publish(body, asked.caller, claims_needed=self.gate.callers.roles is not None)
        kind = next(kind for kind in KINDS if body.get(kind) is not None)
        value = body[kind]
        asked.target = {
            "entry_type": kind,
            "resource_name": str(value["name"]),
            "namespace": str(value.get("namespace") or ""),
            "version": str(value["version"]),
        }
        asks = self.ownership if kind == "server" else None
        if asks is not None and (reason := await asks.problem(plain_value(value))):
            raise RefusedWriteError(f"invalid server: {reason}", reason)
        return written(await self._done(asked, write), status=201)

    async def _delete(self, asked: _Asked, kind: str, name: str, version: str) -> Answer:
        if kind not in KINDS:
            raise InputError(400, "unsupported entry type: must be 'server', 'skill', or 'plugin'")
        routes.check_parameter("name", name)
        routes.check_parameter("version", version)
        asked.target = {"entry_type": kind, "resource_name": name, "version": version}
        await self._done(asked, self.managed.delete(kind, name, version, asked.caller))
        return Answer(204, cache=b"no-store")

    async def _claims(self, asked: _Asked, receive: Receive, kind: str, name: str) -> Answer:
        if kind not in KINDS:
            raise InputError(400, f"invalid entry type: {kind[:80]}")
        routes.check_parameter("name", name)
        asked.target = {"entry_type": kind, "resource_name": name}
        chosen: Kind = kind
        if asked.event_type == "entry.claims.read":
            return written({"claims": dict(self.managed.claims(chosen, name, asked.caller))})
        body = await _body(asked.request, receive)
        claims = body.get("claims")
        write = self.managed.set_claims(chosen, name, {} if claims is None else claims, asked.caller)
        await self._done(asked, write)
        return Answer(204, cache=b"no-store")

    async def _set_status(self, asked: _Asked, receive: Receive, parts: tuple[str, ...]) -> Answer:
        kind, name = parts[1:3]
        version = parts[4] if asked.event_type == "entry.status.update" else None
        asked.target = {"entry_type": kind, "resource_name": name, **({"version": version} if version else {})}
        body = await _body(asked.request, receive)
        write = admin_extras.status_write(self.managed, (kind, name, version), body, asked.caller)
        return written(await self._done(asked, write))

    async def _rights(self, asked: _Asked) -> dict[str, Any]:
        principal = asked.principal
        if principal is None:
            # Everybody may look; whether this caller may also write is another question.
            with suppress(UnauthenticatedError):
                principal = await self.gate.recognise(asked.request, "toolhive")
        shown = (
            *self.sources.sources(asked.caller)["sources"],
            *self.sources.registries(asked.caller)["registries"],
        )
        gates = [one.get("claims", {}) for one in shown]
        return admin_extras.rights(principal, asked.caller, self.gate.callers, self.managed, gates)

    async def _done(self, asked: _Asked, write: Write) -> bytes:
        return await self.writer.do(Job(write, self._event(asked)))

    # The log

    def _event(self, asked: _Asked) -> dict[str, Any]:
        """Return what the log says about a request, but for its outcome."""
        is_super = "superAdmin" in asked.caller.roles and self.gate.callers.roles is not None
        target = {
            "resource_type": asked.event_type.partition(".")[0],
            **{key: value[:300] for key, value in asked.target.items()},
        }
        role = "super_admin" if is_super else ""
        return audit_event(asked.request, asked.event_type, asked.principal, target, started=asked.started, role=role)

    def _note(self, asked: _Asked, outcome: str, reason: str = "") -> None:
        event = {**self._event(asked), "outcome": outcome, **({"reason": reason[:500]} if reason else {})}
        self.log.append([event], durable=False)


def _change(asked: _Asked, name: str, body: Mapping[str, Any], service: Service) -> changes.Change:
    """Return the change that a request asks for.

    Raises:
        RegistryError: it is refused.
    """
    site, caller = service.site, asked.caller
    match asked.event_type:
        case "source.update":
            return changes.put_source(site, name, body, caller, now=clock())
        case "source.delete":
            return changes.delete_source(site, service.live, name, caller)
        case "registry.update":
            return changes.put_registry(site, name, body, caller, now=clock())
    return changes.delete_registry(site, name, caller)


class _Route(NamedTuple):
    """One route: its methods to the event and the role that each needs."""

    template: str
    methods: Mapping[str, tuple[str, Role | None]]


_ROUTES: Final = (
    _Route("me", {"GET": ("user.info", None)}),
    _Route("sources", {"GET": ("source.list", "manageSources")}),
    _Route(
        "sources/{name}",
        {
            "GET": ("source.read", "manageSources"),
            "PUT": ("source.update", "manageSources"),
            "DELETE": ("source.delete", "manageSources"),
        },
    ),
    _Route("sources/{name}/entries", {"GET": ("source.entries.list", "manageSources")}),
    _Route("registries", {"GET": ("registry.list", None)}),
    _Route(
        "registries/{name}",
        {
            "GET": ("registry.read", None),
            "PUT": ("registry.update", "manageRegistries"),
            "DELETE": ("registry.delete", "manageRegistries"),
        },
    ),
    _Route("registries/{name}/entries", {"GET": ("registry.entries.list", "manageRegistries")}),
    _Route("entries", {"POST": ("entry.publish", "manageEntries")}),
    _Route("entries/{type}/{name}/versions/{version}", {"DELETE": ("entry.delete", "manageEntries")}),
    _Route(
        "entries/{type}/{name}/claims",
        {"GET": ("entry.claims.read", "manageEntries"), "PUT": ("entry.claims.update", "manageEntries")},
    ),
    _Route(
        "x/dev.regpress/sync",
        {"GET": ("source.sync.list", "manageSources"), "POST": ("source.sync", "manageSources")},
    ),
    _Route("x/dev.regpress/me", {"GET": ("user.rights", None)}),
    _Route("x/dev.regpress/validate", {"POST": ("entry.validate", "manageEntries")}),
    _Route("x/dev.regpress/entries/{type}/{name}/status", {"PATCH": ("entry.statuses.update", "manageEntries")}),
    _Route(
        "x/dev.regpress/entries/{type}/{name}/versions/{version}/status",
        {"PATCH": ("entry.status.update", "manageEntries")},
    ),
)
_UNKNOWN: Final = _Route("", {})


def _route(parts: tuple[str, ...]) -> _Route:
    for route in _ROUTES:
        wanted = route.template.split("/")
        if len(wanted) == len(parts) and all(
            one.startswith("{") or one == part for one, part in zip(wanted, parts, strict=True)
        ):
            return route
    return _UNKNOWN


def template(parts: tuple[str, ...]) -> str:
    """Return the route of a path without the names in it, for the figures."""
    found = _route(parts).template
    return f"/v1/{found}" if found else "unknown_route"


def _nothing(parts: tuple[str, ...]) -> Answer:
    if template(parts) == "unknown_route":
        return problem(404, "Endpoint not found. See /docs for the API documentation.")
    return problem(405, "This address takes other methods")


def _me(asked: _Asked) -> Answer:
    principal = asked.principal
    if principal is None or principal.method == "none":
        raise UnauthenticatedError(_NEEDED)
    roles = [role for role in ROLES if role in asked.caller.roles]
    return written({"subject": principal.subject, "roles": roles})


async def _body(request: Request, receive: Receive) -> Mapping[str, Any]:
    """Return the body of a request, an object, whatever its type says.

    Raises:
        InputError: it is none.
    """
    try:
        value = parse_json(await request.body(receive, any_type=True))
        compact_text(value)
    except DocumentError as error:
        raise InputError(400, f"invalid request body: {error}") from error
    if not isinstance(value, dict):
        raise InputError(400, "invalid request body: it is no object")
    return value
