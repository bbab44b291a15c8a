"""Registry tokens: short-lived, signed with Ed25519, official registry specification 8.1.

Several keys may be known: the first signs, all of them verify, so that keys change without a token becoming invalid.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any, Final, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from regpress.errors import ConfigError
from regpress.principal import Permission, Principal
from regpress.record import record

LIFETIME: Final = 300
_ISSUER: Final = "mcp-registry"
_SEED: Final = re.compile(r"[0-9a-fA-F]{64}")
_ALGORITHM: Final = "EdDSA"


class Issued(NamedTuple):
    """A token and the Unix time at which it ends."""

    token: str
    expires_at: int


class SigningKey(NamedTuple):
    """One key, by the name that tokens carry."""

    name: str
    private: Ed25519PrivateKey
    public: Ed25519PublicKey


@record
class RegistryTokens:
    """Gives out tokens and recognises them.

    Attributes:
        keys: the first signs.
        clock: returns the Unix time.
    """

    keys: Sequence[SigningKey]
    clock: Callable[[], float]
    _by_name: dict[str, SigningKey] = field(default_factory=dict)

    def issue(self, principal: Principal) -> Issued:
        """Return a token for a caller who has proved who it is."""
        now = int(self.clock())
        claims = {
            "iss": _ISSUER,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "auth_method": principal.method,
            "auth_method_sub": principal.subject,
            "permissions": [permission._asdict() for permission in principal.permissions],
        }
        key = self.keys[0]
        return Issued(jwt.encode(claims, key.private, algorithm=_ALGORITHM, headers={"kid": key.name}), now + LIFETIME)

    async def principal(self, token: str) -> Principal | None:
        """Return whom a token stands for, None where it is none of ours or not valid any more."""
        try:
            name = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError:
            return None
        # A token without the name of a key may be of any.
        keys = [key for key in self.keys if name in {None, key.name}]
        for key in keys:
            claims = self._claims(token, key)
            if claims is not None:
                return _principal(claims)
        return None

    def _claims(self, token: str, key: SigningKey) -> dict[str, Any] | None:
        options: Any = {
            "require": ["exp"],
            "verify_aud": False,
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
        }
        try:
            claims: dict[str, Any] = jwt.decode(token, key.public, algorithms=[_ALGORITHM], options=options)
        except jwt.InvalidTokenError:
            return None
        now = self.clock()
        end, start = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(end, int) or not isinstance(start, int):
            return None
        return claims if start <= now + 1 and now < end else None


def _principal(claims: dict[str, Any]) -> Principal | None:
    listed = claims.get("permissions")
    permissions = [
        Permission(one["action"], one["resource"])
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and one.get("action") in {"publish", "edit"} and isinstance(one.get("resource"), str)
    ]
    return Principal(
        subject=str(claims.get("auth_method_sub", "")),
        method=str(claims.get("auth_method", "")),
        permissions=tuple(permissions),
    )


def signing_key(text: str, *, place: str) -> SigningKey:
    """Return the key that 64 hexadecimal digits spell.

    Args:
        text: the digits; white space around them does not count.
        place: where they stand, for messages.

    Raises:
        ConfigError: it is something else.
    """
    if not _SEED.fullmatch(text.strip()):
        raise ConfigError(f"{place}: is no key (expected 64 hexadecimal digits, as `openssl rand -hex 32` prints them)")
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.strip()))
    public = private.public_key()
    name = hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
    return SigningKey(name, private, public)
