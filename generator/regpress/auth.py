"""An ``Authorization`` field to the principal that it stands for, or to why it stands for nobody."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Protocol

from regpress.errors import UnauthenticatedError
from regpress.principal import EVERYTHING, Principal
from regpress.record import record

#: What the official service says; clients match on it.
BAD_HEADER = "Invalid Authorization header format. Expected 'Bearer <token>'"
BAD_TOKEN = "Invalid or expired Registry JWT token"  # noqa: S105  # a message


class Verifier(Protocol):
    """One kind of token."""

    async def principal(self, token: str) -> Principal | None:
        """Return whom a token stands for, None where it is none of this kind, or not valid."""


@record
class StaticToken:
    """One token of a configuration, of which only the digest is known.

    Attributes:
        digest: SHA-256 of the token.
        holder: whom it stands for.
    """

    digest: bytes
    holder: Principal


@record
class StaticTokens:
    """Tokens that a configuration lists."""

    tokens: Sequence[StaticToken]

    async def principal(self, token: str) -> Principal | None:
        """Return the holder of a token; the time that it takes tells nothing about the digests."""
        given = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        found = [one.holder for one in self.tokens if hmac.compare_digest(one.digest, given)]
        return found[0] if found else None


@record(kw_only=True)
class Authenticator:
    """Recognises callers.

    Attributes:
        verifiers: the kinds of tokens that are accepted, in this order.
        anonymous: whether programs on this machine may do everything, without a token.
    """

    verifiers: Sequence[Verifier] = ()
    anonymous: bool = False

    async def recognise(self, authorization: str, *, local: bool = False) -> Principal:
        """Return who asks.

        Args:
            authorization: the header field, empty where there is none.
            local: whether a program on this machine asks.

        Raises:
            UnauthenticatedError: nobody known.
        """
        if self.anonymous and local:
            return Principal(subject="anonymous", method="none", permissions=EVERYTHING)
        if not self.verifiers:
            raise UnauthenticatedError(
                "Anonymous writes are for programs on the registry's own machine"
                if self.anonymous
                else "This registry takes no writes: its configuration says nothing of who may"
            )
        if not authorization:
            raise UnauthenticatedError("required header parameter is missing: Authorization")
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError(BAD_HEADER)
        for verifier in self.verifiers:
            if found := await verifier.principal(token):
                return found
        raise UnauthenticatedError(BAD_TOKEN)
