"""Proofs of who asks to principals, official registry specification 8.2 to 8.6."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384

from regpress.errors import RegistryError, SourceUnavailableError
from regpress.identity_fetch import WELL_KNOWN_BYTES, Fetcher, NameServers
from regpress.oidc import Provider, TokenError
from regpress.principal import Permission, Principal, permissions
from regpress.record import record
from regpress.times import parse_time

#: Seconds by which the timestamp of a proof may differ from our clock.
SKEW: Final = 15
_MOST_PROOFS: Final = 10_000
_DOMAIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")
_RECORD: Final = re.compile(r"v=MCPv1;\s*k=([^;\s]+);\s*p=([A-Za-z0-9+/=]+)")
_OWNER: Final = re.compile(r"[A-Za-z0-9-]+")
_ANONYMOUS: Final = "io.modelcontextprotocol.anonymous/*"


class ProofError(RegistryError):
    """A proof does not hold; the text says why."""


class DomainProof(NamedTuple):
    """A domain and a timestamp that its key has signed.

    Attributes:
        domain: as it was sent.
        timestamp: the text that was signed.
        signature: hexadecimal digits.
    """

    domain: str
    timestamp: str
    signature: str


class _Key(NamedTuple):
    algorithm: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Domains:
    """Recognises the owners of domains.

    Attributes:
        names: asks name servers.
        fetcher: asks web servers.
        clock: returns the Unix time.
    """

    names: NameServers
    fetcher: Fetcher
    clock: Callable[[], float]
    _seen: OrderedDict[bytes, float] = field(default_factory=OrderedDict)

    async def by_dns(self, proof: DomainProof) -> Principal:
        """Return the owner of a domain, and of all below it, by a key in its TXT records.

        Raises:
            ProofError: the proof does not hold.
        """
        self._check(proof, labels=1)
        records = await _asked(self.names.texts(proof.domain))
        keys, problems = _keys_in(records)
        if not keys:
            hint = "; the record belongs on the domain itself, not on a name such as _mcp-registry below it"
            raise ProofError(
                (problems[0] if problems else f"no MCP public key found in TXT records of {proof.domain}") + hint
            )
        self._verify(proof, keys)
        reverse = _reversed(proof.domain)
        return _owner(proof.domain, "dns", [f"{reverse}/*", f"{reverse}.*"])

    async def by_http(self, proof: DomainProof) -> Principal:
        """Return the owner of a domain by a key in its well-known file.

        Raises:
            ProofError: the proof does not hold.
        """
        self._check(proof, labels=2)
        url = f"https://{proof.domain}/.well-known/mcp-registry-auth"
        reply = await _asked(self.fetcher.ask(url, limit=WELL_KNOWN_BYTES))
        if reply.status != 200:
            raise ProofError(f"{url} answers {reply.status}")
        keys, problems = _keys_in([reply.body.decode("utf-8", "replace")])
        if not keys:
            raise ProofError(problems[0] if problems else f"no MCP public key found at {url}")
        self._verify(proof, keys[:1])
        return _owner(proof.domain, "http", [f"{_reversed(proof.domain)}/*"])

    def _check(self, proof: DomainProof, *, labels: int) -> None:
        domain = proof.domain
        is_address = domain.rpartition(".")[2].isdecimal()
        if not 1 <= len(domain) <= 253 or not _DOMAIN.fullmatch(domain) or domain.count(".") + 1 < labels or is_address:
            raise ProofError("invalid domain format")
        try:
            moment = parse_time(proof.timestamp).timestamp()
        except (ValueError, OverflowError) as error:
            raise ProofError("invalid timestamp format: expected RFC 3339") from error
        if abs(moment - self.clock()) > SKEW:
            raise ProofError(f"timestamp outside valid window (±{SKEW} seconds)")

    def _verify(self, proof: DomainProof, keys: Sequence[_Key]) -> None:
        try:
            signature = bytes.fromhex(proof.signature)
        except ValueError as error:
            raise ProofError("invalid signature format, must be hex") from error
        message = proof.timestamp.encode("utf-8", "surrogatepass")
        if not any(_holds(key, signature, message) for key in keys):
            shown = ", ".join(f"{key.algorithm} {_fingerprint(key)}" for key in keys[:5])
            raise ProofError(f"signature verification failed (keys found: {shown})")
        self._once(hashlib.sha256(proof.domain.lower().encode() + b"\0" + signature).digest())

    def _once(self, proof: bytes) -> None:
        """Hold that a proof is used once: within its window it would let anybody in who saw it."""
        now = self.clock()
        while self._seen and (len(self._seen) > _MOST_PROOFS or next(iter(self._seen.values())) < now - 4 * SKEW):
            self._seen.popitem(last=False)
        if proof in self._seen:
            raise ProofError("this signed timestamp was used before; sign a new one")
        self._seen[proof] = now


async def _asked(question: Any) -> Any:
    try:
        return await question
    except SourceUnavailableError as error:
        raise ProofError(str(error)) from error


def _owner(domain: str, method: str, patterns: Sequence[str]) -> Principal:
    return Principal(subject=domain, method=method, permissions=permissions(patterns))


def _reversed(domain: str) -> str:
    return ".".join(reversed(domain.split(".")))


def _keys_in(texts: Sequence[str]) -> tuple[list[_Key], list[str]]:
    """Return the keys of proof records, and what is wrong with records that have none."""
    keys: list[_Key] = []
    problems: list[str] = []
    for text in texts:
        for algorithm, coded in _RECORD.findall(text):
            try:
                data = base64.b64decode(coded, validate=True)
            except (binascii.Error, ValueError):
                problems.append("a public key is not base64")
                continue
            length = _LENGTHS.get(algorithm)
            if length is None:
                problems.append(f"unsupported algorithm: {algorithm[:40]}")
            elif len(data) != length or (algorithm == "ecdsap384" and data[0] not in {2, 3}):
                problems.append(f"a {algorithm} key has {len(data)} bytes, not {length}")
            else:
                keys.append(_Key(algorithm, data))
    return keys, problems


_LENGTHS: Final[Mapping[str, int]] = {"ed25519": 32, "ecdsap384": 49}


def _holds(key: _Key, signature: bytes, message: bytes) -> bool:
    try:
        if key.algorithm == "ed25519":
            Ed25519PublicKey.from_public_bytes(key.data).verify(signature, message)
            return True
        if len(signature) != 96:
            return False
        numbers = (int.from_bytes(signature[:48]), int.from_bytes(signature[48:]))
        public = EllipticCurvePublicKey.from_encoded_point(SECP384R1(), key.data)
        public.verify(encode_dss_signature(*numbers), message, ECDSA(SHA384()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _fingerprint(key: _Key) -> str:
    return hashlib.sha256(key.data).hexdigest()[:16]


@record(kw_only=True)
class GitHub:
    """Recognises people by their GitHub access tokens.

    Attributes:
        api_url: address of its API.
        fetcher: how it is asked.
    """

    api_url: str
    fetcher: Fetcher

    async def by_token(self, token: str) -> Principal:
        """Return the owner of a token, who may publish for itself and the organisations that it administers.

        Raises:
            ProofError: it is no valid token.
        """
        if not token or not token.isprintable() or not token.isascii():
            raise ProofError("the token is malformed")
        login = (await self._get("/user", token)).get("login")
        if not isinstance(login, str):
            raise ProofError("GitHub does not say whose token it is")
        owners = [login, *await self._organizations(token)]
        if not all(_OWNER.fullmatch(owner) for owner in owners):
            owners = []
        patterns = [f"io.github.{owner}/*" for owner in owners]
        return Principal(subject=login, method="github-at", user=login, permissions=permissions(patterns))

    async def _organizations(self, token: str) -> list[str]:
        found = await self._get("/user/memberships/orgs?state=active&per_page=100", token, refused=[])
        listed = found if isinstance(found, list) else []
        return [
            str(one["organization"]["login"])
            for one in listed
            if isinstance(one, dict)
            and one.get("state") == "active"
            and one.get("role") == "admin"
            and isinstance(one.get("organization"), dict)
            and isinstance(one["organization"].get("login"), str)
        ]

    async def _get(self, path: str, token: str, *, refused: Any = None) -> Any:
        headers = {"authorization": f"Bearer {token}", "accept": "application/vnd.github+json"}
        reply = await _asked(self.fetcher.ask(f"{self.api_url.rstrip('/')}{path}", headers=headers))
        has_hint = reply.headers.get("x-ratelimit-remaining") == "0" or "x-github-sso" in reply.headers
        if reply.status == 403 and refused is not None and not has_hint:
            # A token without the right to see organisations: there are none then.
            return refused
        value = reply.json()
        if reply.status != 200 or not isinstance(value, dict | list):
            raise ProofError(f"GitHub answers {reply.status}")
        return value


@record
class GitHubActions:
    """Recognises workflows of GitHub Actions."""

    provider: Provider

    async def by_token(self, token: str) -> Principal:
        """Return the workflow of a token, which may publish for the owner of its repository.

        Raises:
            ProofError: it is no valid token.
        """
        claims = await _claims(self.provider, token)
        owner = claims.get("repository_owner")
        if not isinstance(owner, str) or not _OWNER.fullmatch(owner):
            raise ProofError("the token does not say who owns the repository")
        return Principal(
            subject=str(claims.get("sub", "")), method="github-oidc", permissions=permissions([f"io.github.{owner}/*"])
        )


@record
class OidcLogin:
    """Recognises the users of an OpenID Connect provider; all have the same rights.

    Attributes:
        provider: the provider.
        required: members that the claims must have, several sets of which all count.
        granted: what everybody may do who is recognised.
    """

    provider: Provider
    required: Sequence[Mapping[str, Any]]
    granted: tuple[Permission, ...]

    async def by_token(self, token: str) -> Principal:
        """Return the user of a token.

        Raises:
            ProofError: it is no valid token, or lacks a claim.
        """
        claims = await _claims(self.provider, token)
        for members in self.required:
            for name, value in members.items():
                if claims.get(name) != value:
                    raise ProofError(f"the claim {name} is not what is asked for")
        return Principal(subject=str(claims.get("sub", "")), method="oidc", permissions=self.granted)


async def _claims(provider: Provider, token: str) -> Mapping[str, Any]:
    try:
        return await provider.claims(token)
    except TokenError as error:
        raise ProofError(f"the token does not count: {error}") from error


def anonymous() -> Principal:
    """Return nobody in particular, who may write below one namespace; for tests."""
    return Principal(subject="anonymous", method="none", permissions=permissions([_ANONYMOUS], [_ANONYMOUS]))
