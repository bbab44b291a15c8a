"""Tokens of OpenID Connect providers to their claims: signatures, keys that change, audience and times.

ToolHive registry specification 10.2. What is no signed token is shown to the provider itself, where it may be asked
(RFC 7662). Only asymmetric signatures count, and only with a key that the provider names; the
key of a token never comes from the token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

import jwt

from regpress.errors import ConfigError, RegistryError, SourceUnavailableError
from regpress.identity_fetch import Fetcher
from regpress.principal import Permission, Principal
from regpress.record import record

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
#: Seconds for which a key set is used without another look at it.
FRESH_SECONDS: Final = 600.0
#: Least seconds between two looks: tokens with unknown keys must not make us ask a provider at every request.
LEAST_SECONDS: Final = 10.0
#: Seconds for which a provider's word about an opaque token counts, and how many such words are kept.
KNOWN_SECONDS: Final = 30.0
_MOST_KNOWN: Final = 4096
#: Seconds for which clocks may differ.
LEEWAY: Final = 5


class TokenError(RegistryError):
    """A token does not count; the text says why."""


@dataclass(slots=True, kw_only=True)
class Provider:
    """One issuer of tokens.

    Attributes:
        issuer: ``iss`` of its tokens.
        audience: what their ``aud`` must hold.
        fetcher: how it is asked.
        clock: returns the seconds of a clock that never goes back.
        jwks_url: address of its keys; found by discovery where it is empty.
        algorithms: the signatures that count.
        token_file: file with a bearer token for requests to it.
        introspection_url: where it says what an opaque token stands for; empty where it does not.
        client_id, client_secret_file: who asks there.
        now: returns the time, in seconds since 1970.
    """

    issuer: str
    audience: str
    fetcher: Fetcher
    clock: Callable[[], float]
    jwks_url: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS
    token_file: str | None = None
    introspection_url: str = ""
    client_id: str = ""
    client_secret_file: str | None = None
    now: Callable[[], float] = time.time
    _known: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = field(default_factory=OrderedDict)
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    _asked: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a valid token.

        Raises:
            TokenError: it is not valid, or the provider cannot be asked.
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            if self.introspection_url:
                return await self._introspected(token)
            raise TokenError("it is no JWT") from error
        algorithm, name = header.get("alg"), header.get("kid")
        if algorithm not in self.algorithms:
            raise TokenError("its algorithm is not accepted")
        if not isinstance(name, str) or not name:
            raise TokenError("it does not name its key")
        key = await self._key(name)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise TokenError(f"it is not valid: {error}") from error
        return claims

    async def _introspected(self, token: str) -> Mapping[str, Any]:
        """Return what the provider says about an opaque token, which it is not asked at every request."""
        # The token itself is not kept.
        key = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        said_at, claims = self._known.get(key, (-KNOWN_SECONDS, {}))
        if self.clock() - said_at >= KNOWN_SECONDS:
            claims = await self._ask_about(token)
            self._known[key] = (self.clock(), claims)
            self._known.move_to_end(key)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        if claims.get("active") is not True:
            raise TokenError("its issuer does not accept it")
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise TokenError("it is for another audience")
        if claims.get("iss", self.issuer) != self.issuer:
            raise TokenError("it is of another issuer")
        now = self.now()
        begins, ends = claims.get("nbf", 0), claims.get("exp", now)
        if not isinstance(begins, (int, float)) or not isinstance(ends, (int, float)):
            raise TokenError("its times are no numbers")
        if begins > now + LEEWAY or ends < now - LEEWAY:
            raise TokenError("its time is over, or has not come")
        who = next(
            (one for one in map(claims.get, ("sub", "username", "client_id")) if isinstance(one, str) and one), ""
        )
        if not who:
            raise TokenError("it stands for nobody")
        return {**claims, "sub": who}

    async def _ask_about(self, token: str) -> Mapping[str, Any]:
        headers = {"accept": "application/json"}
        try:
            if self.client_id:
                secret = read_secret(self.client_secret_file) if self.client_secret_file else ""
                pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}"
                headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            elif self.token_file:
                headers["authorization"] = f"Bearer {read_secret(self.token_file)}"
            form = {"token": token, "token_type_hint": "access_token"}
            reply = await self.fetcher.ask(self.introspection_url, method="POST", headers=headers, form=form)
        except (SourceUnavailableError, ConfigError) as error:
            raise TokenError(str(error)) from error
        value = reply.json()
        if reply.status != 200 or not isinstance(value, dict):
            raise TokenError(f"its issuer answers {reply.status}")
        return value

    async def _key(self, name: str) -> jwt.PyJWK:
        async with self._lock:
            age = None if self._asked is None else self.clock() - self._asked
            if age is None or age > FRESH_SECONDS or (name not in self._keys and age > LEAST_SECONDS):
                await self._refresh()
        if name not in self._keys:
            raise TokenError("its key is none of the issuer's")
        return self._keys[name]

    async def _refresh(self) -> None:
        try:
            self._keys = await self._fetch_keys()
        except SourceUnavailableError as error:
            # What was known goes on counting: a provider that is away for a while must not lock everybody out.
            if not self._keys:
                raise TokenError(str(error)) from error
        finally:
            self._asked = self.clock()

    async def _fetch_keys(self) -> dict[str, jwt.PyJWK]:
        url = self.jwks_url or await self._discover()
        value = await self._get(url)
        listed = value.get("keys") if isinstance(value, dict) else None
        found: dict[str, jwt.PyJWK] = {}
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and entry.get("use", "sig") == "sig":
                try:
                    found[entry["kid"]] = jwt.PyJWK(entry)
                except jwt.PyJWTError:
                    continue
        if not found:
            raise SourceUnavailableError(self.issuer, "gives no keys")
        return found

    async def _discover(self) -> str:
        value = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        url = value.get("jwks_uri") if isinstance(value, dict) else None
        if not isinstance(url, str) or value.get("issuer") != self.issuer:
            raise SourceUnavailableError(self.issuer, "describes itself as somebody else, or without keys")
        return url

    async def _get(self, url: str) -> Any:
        headers = {"accept": "application/json"}
        if self.token_file:
            headers["authorization"] = f"Bearer {read_secret(self.token_file)}"
        reply = await self.fetcher.ask(url, headers=headers)
        if reply.status != 200:
            raise SourceUnavailableError(self.issuer, f"answers {reply.status}")
        return reply.json()


@record
class BearerTokens:
    """Recognises callers by the tokens of providers.

    Attributes:
        providers: tried in this order; the first that accepts a token counts.
        permissions: returns what somebody may do who has these claims.
    """

    providers: tuple[Provider, ...]
    permissions: Callable[[Mapping[str, Any]], tuple[Permission, ...]]

    async def principal(self, token: str) -> Principal | None:
        """Return whom a token stands for, None where no provider accepts it."""
        for provider in self.providers:
            try:
                claims = await provider.claims(token)
            except TokenError:
                continue
            names = (claims.get(name) for name in ("name", "preferred_username", "email"))
            return Principal(
                subject=str(claims.get("sub", "")),
                method="oauth",
                user=next((name for name in names if isinstance(name, str) and name), ""),
                permissions=self.permissions(claims),
                claims=claims,
            )
        return None


def read_secret(file: str) -> str:
    """Return what a file holds, without white space around it.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from error
