"""The ASGI application: a request goes through the checks that come before every route, to the route, and back.

The order is that of official registry specification 2.5: NUL bytes, trailing slash, CORS, routing. Reads are answered
without waiting for anything, from memory or a file.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

import orjson

from regpress.asgi import admin_routes, routes
from regpress.asgi import operations as ops
from regpress.asgi.admin_page import AdminPage
from regpress.asgi.admin_routes import AdminRoutes
from regpress.asgi.answers import JSON, PRIVATE, Answer, Headers, answer_to, problem
from regpress.asgi.files import TreeFiles
from regpress.asgi.logins import LoginRoutes
from regpress.asgi.looking import Gate
from regpress.asgi.metrics import Metrics
from regpress.asgi.operations import Operations
from regpress.asgi.ready import Fields, Ready, ReadyAnswers, Reply
from regpress.asgi.requests import Network, Receive, Request, Scope, Send
from regpress.asgi.sending import is_known, sent, takes_gzip
from regpress.asgi.syncing import SyncRoutes
from regpress.asgi.writes import WriteRoutes
from regpress.errors import RegistryError, UnauthenticatedError
from regpress.live import LiveRegistry, LiveSite
from regpress.paths import other_registry, registry_prefix

_LOG: Final = logging.getLogger("regpress.serve")
_ACCESS: Final = logging.getLogger("regpress.access")

_READS: Final = frozenset({"GET", "HEAD"})
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_PREFLIGHT: Final[Headers] = (
    (b"access-control-allow-methods", _METHODS.encode()),
    (b"access-control-allow-headers", b"Authorization, Content-Type, If-None-Match, X-Request-Id, *"),
    (b"access-control-max-age", b"86400"),
)
_NO_ENDPOINT: Final = "Endpoint not found. See /docs for the API documentation."
_SLASHES: Final = re.compile(rb"^/+")

#: Runs when the server starts or stops.
Hook = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class App:
    """What answers requests.

    Attributes:
        live: the registries.
        gate: decides who sees what of them.
        files: the built tree.
        writes: the routes that change something.
        admin: the routes below ``/v1``.
        admin_page: the page for people who look after the registry, None where there is none.
        logins: the routes that give out tokens.
        syncs: the route by which sources are looked at.
        operations: what the service says about itself.
        metrics: what is counted.
        base_path: the path below which the site lies, ``/my-registry`` or empty.
        proxies: whose word about the caller's address counts.
        challenge: how a token is asked for.
        public_paths: further paths that need no token.
        on_start, on_stop: what else begins and ends.
    """

    live: LiveSite
    gate: Gate
    files: TreeFiles
    writes: WriteRoutes
    admin: AdminRoutes
    logins: LoginRoutes
    syncs: SyncRoutes
    operations: Operations
    metrics: Metrics
    admin_page: AdminPage | None = None
    base_path: str = ""
    proxies: Sequence[Network] = ()
    challenge: bytes = b'Bearer realm="mcp-registry"'
    public_paths: Sequence[str] = ()
    on_start: Hook | None = None
    on_stop: Hook | None = None
    _ready: ReadyAnswers = field(default_factory=ReadyAnswers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or what else a server tells an application."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    def ready(self, target: bytes, fields: Fields, client: tuple[str, int] | None) -> Reply | None:
        """Return what to send to a GET without asking further, None where that is not known.

        Args:
            target: of the request line.
            fields: of the head, names in small letters.
            client: the address of the caller.
        """
        started = time.perf_counter()
        found = self._ready.find(target, fields)
        if found is None:
            return None
        ready, reply = found
        seconds = time.perf_counter() - started
        self.metrics.count("GET", ready.route, ready.answer.status, seconds)
        if _ACCESS.isEnabledFor(logging.INFO):
            path, _, query = target.partition(b"?")
            scope = {"method": "GET", "raw_path": path, "query_string": query, "headers": fields, "client": client}
            request = Request(scope, base_path=self.base_path.encode(), proxies=self.proxies)
            _note_access(request, ready.answer, seconds, name=reply.request_id)
        return reply

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            is_start = message["type"] == "lifespan.startup"
            hook = self.on_start if is_start else self.on_stop
            word = "startup" if is_start else "shutdown"
            try:
                if hook is not None:
                    await hook()
            except Exception as error:
                _LOG.exception("%s failed", word)
                await send({"type": f"lifespan.{word}.failed", "message": str(error)})
                return
            await send({"type": f"lifespan.{word}.complete"})
            if not is_start:
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, base_path=self.base_path.encode(), proxies=self.proxies)
        route = ""
        try:
            answer, route = await self._answer(request, receive)
        except RegistryError as error:
            answer = answer_to(error, challenge=self._challenge_for(error))
            if answer.status >= 500:
                _LOG.error("request %s: %s (%s)", request.id, error, error.__cause__)
        except Exception:
            _LOG.exception("request %s failed", request.id)
            answer = problem(500, "internal server error")
        if self.base_path:
            answer = _below(self.base_path.encode(), answer)
        await _send(request, answer, send)
        seconds = time.perf_counter() - started
        if route != "operations":
            self.metrics.count(
                request.method if request.method in _KNOWN_METHODS else "_OTHER", route, answer.status, seconds
            )
        if _ACCESS.isEnabledFor(logging.INFO):
            _note_access(request, answer, seconds, name=request.id)

    def _challenge_for(self, error: RegistryError) -> bytes:
        if not isinstance(error, UnauthenticatedError):
            return self.challenge
        is_missing = "header" in str(error)
        kind = "invalid_request" if is_missing else "invalid_token"
        told = "missing or malformed authorization header" if is_missing else "token validation failed"
        realm, comma, rest = self.challenge.partition(b", ")
        return realm + f', error="{kind}", error_description="{told}"'.encode() + comma + rest

    async def _answer(self, request: Request, receive: Receive) -> tuple[Answer, str]:
        """Return the answer and the route that gave it, for the figures."""
        if early := _before_routing(request):
            return early, "unknown_route"
        if (parts := routes.admin_path(request.path)) is not None:
            return await self.admin.answer(request, receive, parts), admin_routes.template(parts)
        path = routes.api_path(request.path)
        if path is None:
            return await self._outside(request), "page" if request.path[1:].decode(
                "latin-1"
            ) not in ops.NAMES else "operations"
        if len(path.parts) == 1 and path.parts[0] in ops.BELOW_API and request.method in _READS:
            return self.operations.answer(path.parts[0], below_api=True), "operations"
        registry = self.live.registries.get(path.registry) if path.registry else self.live.default
        if registry is None:
            if self.gate.hides_names:
                await self.gate.recognise(request, path.dialect)
            return problem(404, "registry not found"), "unknown_route"
        answer = await self._in_registry(request, receive, registry, path)
        return answer or problem(404, _NO_ENDPOINT), _template(path, found=answer is not None)

    async def _in_registry(
        self, request: Request, receive: Receive, registry: LiveRegistry, path: routes.ApiPath
    ) -> Answer | None:
        if path.parts == ("x", "dev.regpress", "sync"):
            return await self.syncs.answer(request)
        if request.method in _READS:
            look = await self.gate.look(request, registry, path.dialect, is_open=self._is_open(request))
            # What is kept for a view is nobody else's; only caches on the way must not keep it.
            found = look.reader.answer(request, look.registry, path)
            if found is not None and look.public and _is_plain(request, found):
                self._ready.keep(request.target, Ready(registry, found, _template(path, found=True)))
            if found is not None and not look.public:
                return replace(found, cache=PRIVATE)
            return found or (self._document(registry, path) if look.public else None)
        if request.method == "POST" and path.parts[:1] == ("auth",) and len(path.parts) == 2:
            return await self.logins.answer(request, receive, path.parts[1])
        return await self.writes.answer(request, receive, registry, path)

    def _is_open(self, request: Request) -> bool:
        """Return whether the configuration lets everybody read below a path; encoded ones never."""
        path = request.path.decode("latin-1")
        if "%" in path:
            return False
        return any(open_ in {"/", path} or path.startswith(f"{open_.rstrip('/')}/") for open_ in self.public_paths)

    def _document(self, registry: LiveRegistry, path: routes.ApiPath) -> Answer | None:
        if path.parts[:2] != ("x", "dev.regpress") or path.parts[2:3] == ("deleted",):
            return None
        prefix = registry_prefix(registry.plan.name, default=registry.plan.is_default)
        return self.files.document(f"{prefix}v0.1/{'/'.join(path.parts)}")

    async def _outside(self, request: Request) -> Answer:
        name = request.path[1:].decode("latin-1")
        if request.method not in _READS:
            path = request.path.decode("latin-1")[:200]
            detail = f"Not found. Did you mean /v0.1{path} or /v0{path}? See /docs for the API documentation."
            return problem(404, detail)
        if name in ops.NAMES:
            return self.operations.answer(name, below_api=False)
        if found := self.logins.document(name) or (self.admin_page and self.admin_page.answer(name)):
            return found
        if other_registry(unquote(request.path.decode("latin-1"))) not in {"", *self.gate.public}:
            # The tree may still have pages of a registry that is not public any more.
            return problem(404, "There is no document at this address")
        query = b"?" + request.query if request.query else b""
        return self.files.page((request.path + query).decode("latin-1"))


_KNOWN_METHODS: Final = frozenset(_METHODS.split(", "))


def _is_plain(request: Request, answer: Answer) -> bool:
    """Return whether everybody who sends this request is sent this answer."""
    return request.method == "GET" and answer.status == 200 and b"authorization" not in request.headers


def _below(base: bytes, answer: Answer) -> Answer:
    """Return an answer that leads on, if it does, below the path of the site."""
    if not any(name == b"location" for name, _ in answer.headers):
        return answer
    headers = ((name, base + value if name == b"location" else value) for name, value in answer.headers)
    return replace(answer, headers=tuple(headers))


def _before_routing(request: Request) -> Answer | None:
    path, query = request.path, request.query
    if not path:
        # The site's own path, without its final slash.
        return Answer(308, headers=((b"location", b"/" + (b"?" + query if query else b"")),), cache=b"no-store")
    if b"\0" in path or b"%00" in path or b"%2500" in path:
        return problem(400, "Invalid request: URL path contains null bytes", media_type=JSON)
    if b"\0" in query or b"%00" in query:
        return problem(400, "Invalid request: query parameters contain null bytes", media_type=JSON)
    if path.endswith(b"/") and len(path) > 1 and _is_ours(path):
        # As it was sent: a decoded slash in a name would lead elsewhere.
        clean = b"/" + _SLASHES.sub(b"", path.rstrip(b"/"))
        location = clean + (b"?" + query if query else b"")
        return Answer(308, headers=((b"location", location),), cache=b"no-store")
    if (
        request.method == "OPTIONS"
        and b"origin" in request.headers
        and b"access-control-request-method" in request.headers
    ):
        return Answer(204, headers=_PREFLIGHT, cache=b"no-store")
    return None


def _is_ours(path: bytes) -> bool:
    head, _, rest = path[1:].partition(b"/")
    if head == b"registry":
        return rest.partition(b"/")[2].partition(b"/")[0] in {b"v0.1", b"v0"}
    return head in {b"v0.1", b"v0"} or head.decode("latin-1") in ops.NAMES


def _template(path: routes.ApiPath, *, found: bool) -> str:
    """Return the route of a path without the names in it."""
    if not found:
        return "unknown_route"
    prefix = "/registry/{registryName}/v0.1" if path.registry else "/v0.1"
    where = routes.entry_path(path.parts, path.dialect)
    if where is None:
        return f"{prefix}/{'/'.join(path.parts[:2])}"
    base = f"{prefix}/servers" if where.kind == "server" else f"{prefix}/x/dev.toolhive/{where.kind}s"
    if not where.name:
        return base
    base += "/{serverName}" if where.kind == "server" else "/{namespace}/{name}"
    if where.version:
        base += "/versions/{version}"
    elif not where.tail and not where.is_entry:
        base += "/versions"
    return f"{base}/{where.tail}" if where.tail else base


async def _send(request: Request, answer: Answer, send: Send) -> None:
    status, headers, body = sent(
        answer,
        request_id=request.id.encode("latin-1"),
        gzip=takes_gzip(request.header(b"accept-encoding")),
        known=is_known(request.header(b"if-none-match"), answer),
    )
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def _note_access(request: Request, answer: Answer, seconds: float, *, name: str) -> None:
    line = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "level": "INFO" if answer.status < 400 else "WARN" if answer.status < 500 else "ERROR",
        "msg": "HTTP request",
        "method": request.method[:20],
        "path": request.path.decode("latin-1")[:1024],
        "status": answer.status,
        "duration_ms": round(seconds * 1000, 3),
        "response_bytes": len(answer.body),
        "request_id": name,
        "remote_addr": request.client,
    }
    _ACCESS.info("%s", orjson.dumps(line).decode())
