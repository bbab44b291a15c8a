"""The ``auth`` section of a configuration to what recognises callers and lets them log in."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from regpress import logins
from regpress.auth import Authenticator, StaticToken, StaticTokens, Verifier
from regpress.callers import Callers, callers_of
from regpress.identity_fetch import Fetcher, NameServers
from regpress.model.config import Config
from regpress.model.config_auth import OAuthSettings, ProviderSettings, RegistrySettings, TokenSettings
from regpress.oidc import BearerTokens, Provider, read_secret
from regpress.principal import Principal, permissions
from regpress.record import record
from regpress.registry_tokens import RegistryTokens, signing_key
from regpress.storage import storage_error

_KEY_FILE: Final = "registry-key"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")

#: The members of a login's body to whom they prove to ask.
Login = Callable[[Mapping[str, str]], Awaitable[Principal]]


@record(kw_only=True)
class Access:
    """Who may do what, ready to be asked.

    Attributes:
        authenticator: recognises callers.
        callers: what roles and claims give them.
        logins: ways to log in, by the last part of their address.
        tokens: gives out what a login earns; None where there is no login.
        challenge: the ``WWW-Authenticate`` field of refusals.
        resource: the document of RFC 9728; empty where callers do not come from identity providers.
        github_client_id: the application for the device login of GitHub, empty where there is none.
    """

    authenticator: Authenticator
    callers: Callers
    logins: Mapping[str, Login] = field(default_factory=dict)
    tokens: RegistryTokens | None = None
    challenge: str = 'Bearer realm="mcp-registry"'
    resource: Mapping[str, Any] = field(default_factory=dict)
    github_client_id: str = ""


def open_access(config: Config, cache: Path, *, anonymous: bool) -> Access:
    """Return what the ``auth`` section comes to.

    Args:
        config: of the site.
        cache: folder for a signing key where the configuration names none.
        anonymous: whether programs on this machine may write without a token.

    Raises:
        ConfigError: a file with a secret cannot be used.
    """
    auth = config.auth
    trusted = config.site.trust.allow_private_addresses
    registry = auth.registry or RegistrySettings()
    verifiers: list[Verifier] = []
    tokens: RegistryTokens | None = None
    callers = callers_of(auth)
    for mode in auth.modes:
        if mode == "token" and auth.token is not None:
            verifiers.append(_static(auth.token))
        elif mode == "registry":
            tokens = _registry_tokens(registry, cache)
            verifiers.append(tokens)
        elif mode == "oauth" and auth.oauth is not None:
            verifiers.append(BearerTokens(tuple(map(_provider, auth.oauth.providers)), callers.permissions))
    oauth = auth.oauth if "oauth" in auth.modes else None
    github = registry.github if tokens else None
    return Access(
        authenticator=Authenticator(verifiers=tuple(verifiers), anonymous=anonymous),
        callers=callers,
        logins=_logins(registry, trusted=trusted) if tokens else {},
        tokens=tokens,
        challenge=_challenge(oauth),
        resource=_resource(oauth, config.site.base_url) if oauth else {},
        github_client_id=(github.client_id or "") if github else "",
    )


def _static(settings: TokenSettings) -> StaticTokens:
    return StaticTokens(
        tuple(
            StaticToken(
                bytes.fromhex(one.digest),
                Principal(subject=one.name, method="token", permissions=permissions(one.publish, one.edit)),
            )
            for one in settings.tokens
        )
    )


def _registry_tokens(settings: RegistrySettings, cache: Path) -> RegistryTokens:
    files = settings.key_files or (str(_own_key(cache)),)
    return RegistryTokens([signing_key(read_secret(file), place=file) for file in files], time.time)


def _own_key(cache: Path) -> Path:
    """Return the file of a key of our own, made at the first start: tokens live for minutes, and any key will do."""
    path = cache / _KEY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path
    except OSError as error:
        raise storage_error(str(path), error) from error
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_hex(32) + "\n")
    return path


def _provider(settings: ProviderSettings) -> Provider:
    if settings.introspection_url and settings.client_secret_file:
        # So that what cannot be read is said at the start.
        read_secret(settings.client_secret_file)
    return Provider(
        issuer=settings.issuer_url,
        audience=settings.audience,
        fetcher=Fetcher(
            allow_private=settings.allow_private_ip or _is_loopback(settings.issuer_url),
            authority=settings.ca_cert_path,
        ),
        clock=time.monotonic,
        jwks_url=settings.jwks_url or "",
        token_file=settings.auth_token_file,
        introspection_url=settings.introspection_url or "",
        client_id=settings.client_id or "",
        client_secret_file=settings.client_secret_file,
    )


def _logins(settings: RegistrySettings, *, trusted: bool) -> dict[str, Login]:
    names = NameServers(settings.nameservers)
    domains = logins.Domains(names=names, fetcher=Fetcher(allow_private=trusted, names=names), clock=time.time)
    made: dict[str, Login] = {}
    if settings.dns:
        made["dns"] = lambda body: domains.by_dns(_proof(body))
    if settings.http:
        made["http"] = lambda body: domains.by_http(_proof(body))
    if settings.github is not None:
        url = settings.github.api_url
        github = logins.GitHub(api_url=url, fetcher=Fetcher(allow_private=trusted or _is_loopback(url)))
        made["github-at"] = lambda body: github.by_token(body["github_token"])
    if settings.github_actions is not None:
        chosen = settings.github_actions
        actions = logins.GitHubActions(
            _login_provider(chosen.issuer_url, chosen.audience, trusted=trusted, algorithms=("RS256",))
        )
        made["github-oidc"] = lambda body: actions.by_token(body["oidc_token"])
    if settings.oidc is not None:
        other = settings.oidc
        oidc = logins.OidcLogin(
            _login_provider(other.issuer_url, other.client_id, trusted=trusted),
            other.extra_claims,
            permissions(other.publish, other.edit),
        )
        made["oidc"] = lambda body: oidc.by_token(body["oidc_token"])
    if settings.anonymous:
        made["none"] = _anonymous
    return made


async def _anonymous(_: Mapping[str, str]) -> Principal:
    return logins.anonymous()


def _login_provider(issuer: str, audience: str, *, trusted: bool, algorithms: tuple[str, ...] = ()) -> Provider:
    provider = Provider(
        issuer=issuer,
        audience=audience,
        fetcher=Fetcher(allow_private=trusted or _is_loopback(issuer)),
        clock=time.monotonic,
    )
    if algorithms:
        provider.algorithms = algorithms
    return provider


def _proof(body: Mapping[str, str]) -> logins.DomainProof:
    return logins.DomainProof(body["domain"], body["timestamp"], body["signed_timestamp"])


def _is_loopback(url: str) -> bool:
    """Return whether a configuration names this machine itself as an issuer, which allows to ask it."""
    host = url.partition("://")[2].partition("/")[0]
    return any(host == name or host.startswith(f"{name}:") for name in _LOOPBACK)


def _challenge(oauth: OAuthSettings | None) -> str:
    realm = oauth.realm if oauth else "mcp-registry"
    parts = [f'Bearer realm="{_quoted(realm)}"']
    if oauth and oauth.resource_url:
        parts.append(
            f'resource_metadata="{_quoted(oauth.resource_url.rstrip("/"))}/.well-known/oauth-protected-resource"'
        )
    return ", ".join(parts)


def _quoted(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").replace("\\", "\\\\").replace('"', '\\"')


def _resource(oauth: OAuthSettings, base_url: str) -> dict[str, Any]:
    return {
        "resource": oauth.resource_url or base_url,
        "authorization_servers": [provider.issuer_url for provider in oauth.providers],
        "bearer_methods_supported": ["header"],
    }
