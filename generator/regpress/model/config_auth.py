"""Records of the ``auth`` section; keys as ToolHive's configuration has them, modes of ours beside its two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema

from regpress.model import config_checks as checks
from regpress.model.config_fields import URL, Claims, checked
from regpress.model.config_types import AT_LEAST_ONE, ConfigRecord, Flaw, choice_flaw, empty_lists, kind_of

MODES: Final = ("anonymous", "oauth", "token", "registry")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_RESOURCE: Final = re.compile(r"[A-Za-z0-9._/-]{0,200}\*?")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _modes(value: Any) -> Any:
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(mode, str) for mode in given):
        raise Flaw(what=f"is {kind_of(value)}", expected="a mode or a list of modes: " + ", ".join(MODES)).error()
    if not given:
        raise Flaw(what="is an empty list", expected="one of " + ", ".join(MODES)).error()
    for mode in given:
        if mode not in MODES:
            raise choice_flaw(f"{checks.shorten(mode)!r} is not a mode", mode, MODES).error()
    if len(set(given)) != len(given):
        raise Flaw(what="names a mode twice", expected="each mode once").error()
    return value if isinstance(value, str) else tuple(given)


def issuer_problem(text: str) -> str | None:
    """Return why *text* is not the address of an identity provider, or None: https, or http on loopback."""
    if problem := checks.url_problem(text):
        return problem
    parts = urlsplit(text)
    return None if parts.scheme.lower() == "https" or parts.hostname in _LOOPBACK else "does not use https"


_PATH = checked(checks.text_problem, "the path of a file")
_LABEL = checked(checks.text_problem, "one line of text")


class ProviderSettings(ConfigRecord):
    """One identity provider whose tokens are accepted."""

    name: Annotated[str, _LABEL] = Field(description="Label for messages and logs.")
    issuer_url: Annotated[str, checked(issuer_problem, "an absolute https address with a host")] = Field(
        description="Issuer of the tokens ('iss'); https except on the loopback host."
    )
    audience: Annotated[str, _LABEL] = Field(description="Audience that tokens must carry ('aud').")
    jwks_url: Annotated[str, URL] | None = Field(default=None, description="Key set; else found by OIDC discovery.")
    client_id: Annotated[str, _LABEL] | None = Field(default=None, description="Client for token introspection.")
    client_secret_file: Annotated[str, _PATH] | None = Field(default=None, description="File with the client's secret.")
    introspection_url: Annotated[str, URL] | None = Field(
        default=None, description="RFC 7662 introspection, for tokens that are not JWTs."
    )
    ca_cert_path: Annotated[str, _PATH] | None = Field(default=None, description="Further certificate authority.")
    auth_token_file: Annotated[str, _PATH] | None = Field(
        default=None, description="File with a bearer token for requests to the provider."
    )
    allow_private_ip: StrictBool = Field(
        default=False, alias="allowPrivateIP", description="Whether the provider may have a private address."
    )


class OAuthSettings(ConfigRecord):
    """Mode ``oauth``: bearer tokens of identity providers."""

    resource_url: Annotated[str, URL] | None = Field(default=None, description="Public address of this registry.")
    realm: Annotated[str, _LABEL] = Field(default="mcp-registry", description="Realm in challenges.")
    providers: tuple[ProviderSettings, ...] = Field(
        description="Identity providers, tried in this order; at least one.", json_schema_extra=AT_LEAST_ONE
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that there is a provider."""
        return empty_lists(given, "providers")


def _digest_problem(text: str) -> str | None:
    return None if _DIGEST.fullmatch(text) else "is not the SHA-256 of a token"


def _resource_problem(text: str) -> str | None:
    """Return why *text* is not a pattern of names, or None."""
    return None if _RESOURCE.fullmatch(text) else f"{checks.shorten(text)!r} is not a pattern of names"


_PATTERN = Annotated[str, checked(_resource_problem, "'*', 'com.example/*' or one name")]


class TokenHolder(ConfigRecord):
    """One static token."""

    name: Annotated[str, _LABEL] = Field(description="Whom the token stands for, in logs and commits.")
    digest: Annotated[str, checked(_digest_problem, "64 hexadecimal digits, as `sha256sum` prints them")] = Field(
        description="SHA-256 of the token, 64 hexadecimal digits; the token itself stands nowhere."
    )
    publish: tuple[_PATTERN, ...] = Field(default=(), description="Names that it may publish: patterns of names.")
    edit: tuple[_PATTERN, ...] = Field(default=(), description="Names that it may edit: patterns of names.")


class TokenSettings(ConfigRecord):
    """Mode ``token``: a fixed list of tokens."""

    tokens: tuple[TokenHolder, ...] = Field(description="The tokens; at least one.", json_schema_extra=AT_LEAST_ONE)

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that there is a token."""
        return empty_lists(given, "tokens")


class GitHubSettings(ConfigRecord):
    """Login with a GitHub access token."""

    client_id: Annotated[str, _LABEL] | None = Field(
        default=None, description="GitHub OAuth application for the device login of `mcp-publisher`."
    )
    api_url: Annotated[str, URL] = Field(default="https://api.github.com", description="Address of GitHub's API.")


class GitHubActionsSettings(ConfigRecord):
    """Login from a workflow of GitHub Actions."""

    issuer_url: Annotated[str, checked(issuer_problem, "an absolute https address with a host")] = Field(
        default="https://token.actions.githubusercontent.com", description="Issuer of the workflows' tokens."
    )
    audience: Annotated[str, _LABEL] = Field(default="mcp-registry", description="Audience that they must carry.")


class OidcSettings(ConfigRecord):
    """Login with a token of an OpenID Connect provider, the same rights for all its users."""

    issuer_url: Annotated[str, checked(issuer_problem, "an absolute https address with a host")] = Field(
        description="Issuer of the tokens ('iss')."
    )
    client_id: Annotated[str, _LABEL] = Field(description="Audience that tokens must carry ('aud').")
    extra_claims: tuple[Mapping[str, Any], ...] = Field(
        default=(), description="Claims that a token must have, as objects whose members are compared."
    )
    publish: tuple[_PATTERN, ...] = Field(default=(), description="Names that its users may publish.")
    edit: tuple[_PATTERN, ...] = Field(default=(), description="Names that its users may edit.")


class RegistrySettings(ConfigRecord):
    """Mode ``registry``: the scheme of the official registry, short-lived tokens after a proof of who asks."""

    key_files: tuple[Annotated[str, _PATH], ...] = Field(
        default=(), description="Files with a signing key each, 64 hexadecimal digits: the first signs, all verify."
    )
    dns: StrictBool = Field(default=True, description="Whether a key in a domain's TXT records is a proof.")
    http: StrictBool = Field(default=True, description="Whether a key in a domain's well-known file is a proof.")
    nameservers: tuple[Annotated[str, _LABEL], ...] = Field(
        default=(), description="Name servers to ask, as address or address:port; the system's without any."
    )
    github: GitHubSettings | None = Field(default=None, description="Login with GitHub access tokens.")
    github_actions: GitHubActionsSettings | None = Field(default=None, description="Login from GitHub Actions.")
    oidc: OidcSettings | None = Field(default=None, description="Login with another provider.")
    anonymous: StrictBool = Field(
        default=False, description="Whether everybody gets tokens for io.modelcontextprotocol.anonymous; for tests."
    )


class RolesSettings(ConfigRecord):
    """Who has which role: a list of claims for each, of which one must match; each key of it shares a value."""

    super_admin: tuple[Claims, ...] = Field(default=(), description="Who may do and see everything.")
    manage_sources: tuple[Claims, ...] = Field(default=(), description="Who may manage sources.")
    manage_registries: tuple[Claims, ...] = Field(default=(), description="Who may manage registries.")
    manage_entries: tuple[Claims, ...] = Field(default=(), description="Who may publish, delete and claim entries.")


class AuthzSettings(ConfigRecord):
    """Roles and claims: with it, callers see and change only what their claims cover."""

    roles: RolesSettings = Field(default_factory=RolesSettings, description="Who has which role.")


class AuthConfig(ConfigRecord):
    """Who may read and write; only the app asks, a static tree is public as a whole."""

    mode: Annotated[
        str | tuple[str, ...] | None,
        BeforeValidator(_modes),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": list(MODES)},
                    {"type": "array", "items": {"enum": list(MODES)}, "minItems": 1, "uniqueItems": True},
                ]
            }
        ),
    ] = Field(default=None, description="anonymous, oauth, token or registry; or a list of them.")
    public_paths: tuple[str, ...] = Field(default=(), description="Paths that need no token, whole segments.")
    oauth: OAuthSettings | None = Field(default=None, description="Settings of the mode oauth.")
    authz: AuthzSettings | None = Field(default=None, description="Roles of callers in the mode oauth.")
    token: TokenSettings | None = Field(default=None, description="Settings of the mode token.")
    registry: RegistrySettings | None = Field(default=None, description="Settings of the mode registry.")

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        """Hold that a section names its mode, and that a mode has the settings that it needs."""
        mode = given.get("mode")
        if mode is None and any(given.values()):
            yield Flaw(at=("mode",), what="is required", expected="one of " + ", ".join(MODES))
        named = list(mode) if isinstance(mode, list | tuple) else [mode]
        for key, expected in (("oauth", "its providers"), ("token", "its tokens")):
            if named.count(key) == 1 and given.get(key) is None:
                yield Flaw(at=(key,), what=f"is required when mode is {key}", expected=expected)

    @property
    def modes(self) -> tuple[str, ...]:
        """Return the modes in their order; none where there is no ``auth`` section."""
        if self.mode is None:
            return ()
        return (self.mode,) if isinstance(self.mode, str) else self.mode

    @property
    def reads_are_public(self) -> bool:
        """Return whether everybody may read: no section, or the mode ``anonymous`` alone."""
        return self.modes in {(), ("anonymous",)}
