"""Requests for registry tokens to logins, official registry specification 8."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from regpress.access import Access
from regpress.asgi.answers import Answer, InputError, dumped, problem, tagged, written
from regpress.asgi.limits import RateLimit
from regpress.asgi.requests import Receive, Request
from regpress.logins import ProofError
from regpress.model.document import DocumentError, parse_json
from regpress.validate.body import Rule, body_problems

_LOG: Final = logging.getLogger("regpress.serve")
#: Where clients find out who may give them tokens, RFC 9728.
_RESOURCE: Final = ".well-known/oauth-protected-resource"

_TEXT: Final = Rule(required=True, least=1)
_DOMAIN: Final = Rule(type="object", members={"domain": _TEXT, "timestamp": _TEXT, "signed_timestamp": _TEXT})
_GITHUB: Final = Rule(type="object", members={"github_token": _TEXT})
_OIDC: Final = Rule(type="object", members={"oidc_token": _TEXT})
_BODIES: Final[Mapping[str, Rule]] = {
    "dns": _DOMAIN,
    "http": _DOMAIN,
    "github-at": _GITHUB,
    "github-oidc": _OIDC,
    "oidc": _OIDC,
}
_FAILURES: Final = {"dns": "DNS authentication failed", "http": "HTTP authentication failed"}


class LoginRoutes:
    """Answers POST requests below ``auth`` and the document by which clients find out how to log in."""

    def __init__(self, access: Access, limit: RateLimit) -> None:
        """Take the ways to log in, and how often one caller may try."""
        self._access = access
        self._limit = limit

    async def answer(self, request: Request, receive: Receive, way: str) -> Answer | None:
        """Return the answer to a login, None where there is no such way to log in.

        Raises:
            InputError: the body cannot be read, or there were too many tries.
        """
        login, tokens = self._access.logins.get(way), self._access.tokens
        if login is None or tokens is None:
            return None
        self._limit.take(request.client)
        body = await _body(request, receive, _BODIES[way]) if way in _BODIES else {}
        try:
            principal = await login(body)
        except ProofError as error:
            _LOG.warning("login by %s from %s failed, request %s", way, request.client, request.id)
            return problem(401, _FAILURES.get(way, "Token exchange failed"), [{"message": str(error)}])
        issued = tokens.issue(principal)
        return written({"registry_token": issued.token, "expires_at": issued.expires_at})

    def document(self, name: str) -> Answer | None:
        """Return the document at a path of the site, None where there is none."""
        if name != _RESOURCE or not self._access.resource:
            return None
        return tagged(dumped(self._access.resource))


async def _body(request: Request, receive: Receive, rule: Rule) -> dict[str, Any]:
    try:
        value = parse_json(await request.body(receive))
    except DocumentError as error:
        raise InputError(400, "validation failed", errors=[{"message": str(error), "location": "body"}]) from error
    if found := body_problems(value, rule):
        # What was sent may be half of a secret.
        shown = [{"message": one.message, "location": one.location} for one in found]
        raise InputError(422, "validation failed", errors=shown)
    return dict(value)
