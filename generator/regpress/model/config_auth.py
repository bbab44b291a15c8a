"""Records of the ``auth`` section; keys as ToolHive's configuration has them, modes of ours beside its two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from regpress.model import config_checks as checks
from regpress.model.config_fields import URL, Claims, Flag, checked
from regpress.model.config_types import AT_LEAST_ONE, CheckFirst, ConfigRecord, Shown, key
from regpress.model.flaws import Flaw, FlawsError, choice_flaw, empty_lists, kind_of

MODES: Final = ("anonymous", "oauth", "token", "registry")
_DIGEST: Final = r"[0-9a-fA-F]{64}"
_RESOURCE: Final = r"[A-Za-z0-9._/-]{0,200}\*?"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _modes(value: Any, _: bool) -> Any:
    given = (value,) if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(mode, str) for mode in given):
        raise FlawsError(Flaw(what=f"is {kind_of(value)}", expected="a mode or a list of modes: " + ", ".join(MODES)))
    if not given:
        raise FlawsError(Flaw(what="is an empty list", expected="one of " + ", ".join(MODES)))
    for mode in given:
        if mode not in MODES:
            raise FlawsError(choice_flaw(f"{checks.shorten(mode)!r} is not a mode", mode, MODES))
    if len(set(given)) != len(given):
        raise FlawsError(Flaw(what="names a mode twice", expected="each mode once"))
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

    name: Annotated[str, _LABEL] = key("Label for messages and logs.")
    issuer_url: Annotated[str, checked(issuer_problem, "an absolute https address with a host")] = key(
        "Issuer of the tokens ('iss'); https except on the loopback host."
    )
    audience: Annotated[str, _LABEL] = key("Audience that tokens must carry ('aud').")
    jwks_url: Annotated[str, URL] | None = key("Key set; else found by OIDC discovery.", default=None)
    client_id: Annotated[str, _LABEL] | None = key("Client for token introspection.", default=None)
    client_secret_file: Annotated[str, _PATH] | None = key("File with the client's secret.", default=None)
    introspection_url: Annotated[str, URL] | None = key(
        "RFC 7662 introspection, for tokens that are not JWTs.", default=None
    )
    ca_cert_path: Annotated[str, _PATH] | None = key("Further certificate authority.", default=None)
    auth_token_file: Annotated[str, _PATH] | None = key(
        "File with a bearer token for requests to the provider.", default=None
    )
    allow_private_ip: Flag = key(
        "Whether the provider may have a private address.", default=False, spelt="allowPrivateIP"
    )


class OAuthSettings(ConfigRecord):
    """Mode ``oauth``: bearer tokens of identity providers."""

    resource_url: Annotated[str, URL] | None = key("Public address of this registry.", default=None)
    realm: Annotated[str, _LABEL] = key("Realm in challenges.", default="mcp-registry")
    providers: tuple[ProviderSettings, ...] = key(
        "Identity providers, tried in this order; at least one.", json_schema_extra=AT_LEAST_ONE
    )

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that there is a provider."""
        return empty_lists(given, "providers")


def _digest_problem(text: str) -> str | None:
    return None if re.fullmatch(_DIGEST, text) else "is not the SHA-256 of a token"


def _resource_problem(text: str) -> str | None:
    """Return why *text* is not a pattern of names, or None."""
    return None if re.fullmatch(_RESOURCE, text) else f"{checks.shorten(text)!r} is not a pattern of names"


_PATTERN = Annotated[str, checked(_resource_problem, "'*', 'com.example/*' or one name")]


class TokenHolder(ConfigRecord):
    """One static token."""

    name: Annotated[str, _LABEL] = key("Whom the token stands for, in logs and commits.")
    digest: Annotated[str, checked(_digest_problem, "64 hexadecimal digits, as `sha256sum` prints them")] = key(
        "SHA-256 of the token, 64 hexadecimal digits; the token itself stands nowhere."
    )
    publish: tuple[_PATTERN, ...] = key("Names that it may publish: patterns of names.", default=())
    edit: tuple[_PATTERN, ...] = key("Names that it may edit: patterns of names.", default=())


class TokenSettings(ConfigRecord):
    """Mode ``token``: a fixed list of tokens."""

    tokens: tuple[TokenHolder, ...] = key("The tokens; at least one.", json_schema_extra=AT_LEAST_ONE)

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterable[Flaw]:
        """Hold that there is a token."""
        return empty_lists(given, "tokens")


class GitHubSettings(ConfigRecord):
    """Login with a GitHub access token."""

    client_id: Annotated[str, _LABEL] | None = key(
        "GitHub OAuth application for the device login of `mcp-publisher`.", default=None
    )
    api_url: Annotated[str, URL] = key("Address of GitHub's API.", default="https://api.github.com")


class GitHubActionsSettings(ConfigRecord):
    """Login from a workflow of GitHub Actions."""

    issuer_url: Annotated[str, checked(issuer_problem, "an absolute https address with a host")] = key(
        "Issuer of the workflows' tokens.", default="https://token.actions.githubusercontent.com"
    )
    audience: Annotated[str, _LABEL] = key("Audience that they must carry.", default="mcp-registry")


class OidcSettings(ConfigRecord):
    """Login with a token of an OpenID Connect provider, the same rights for all its users."""

    issuer_url: Annotated[str, checked(issuer_problem, "an absolute https address with a host")] = key(
        "Issuer of the tokens ('iss')."
    )
    client_id: Annotated[str, _LABEL] = key("Audience that tokens must carry ('aud').")
    extra_claims: tuple[Mapping[str, Any], ...] = key(
        "Claims that a token must have, as objects whose members are compared.", default=()
    )
    publish: tuple[_PATTERN, ...] = key("Names that its users may publish.", default=())
    edit: tuple[_PATTERN, ...] = key("Names that its users may edit.", default=())


class RegistrySettings(ConfigRecord):
    """Mode ``registry``: the scheme of the official registry, short-lived tokens after a proof of who asks."""

    key_files: tuple[Annotated[str, _PATH], ...] = key(
        "Files with a signing key each, 64 hexadecimal digits: the first signs, all verify.", default=()
    )
    dns: Flag = key("Whether a key in a domain's TXT records is a proof.", default=True)
    http: Flag = key("Whether a key in a domain's well-known file is a proof.", default=True)
    nameservers: tuple[Annotated[str, _LABEL], ...] = key(
        "Name servers to ask, as address or address:port; the system's without any.", default=()
    )
    github: GitHubSettings | None = key("Login with GitHub access tokens.", default=None)
    github_actions: GitHubActionsSettings | None = key("Login from GitHub Actions.", default=None)
    oidc: OidcSettings | None = key("Login with another provider.", default=None)
    anonymous: Flag = key(
        "Whether everybody gets tokens for io.modelcontextprotocol.anonymous; for tests.", default=False
    )


class RolesSettings(ConfigRecord):
    """Who has which role: a list of claims for each, of which one must match; each key of it shares a value."""

    super_admin: tuple[Claims, ...] = key("Who may do and see everything.", default=())
    manage_sources: tuple[Claims, ...] = key("Who may manage sources.", default=())
    manage_registries: tuple[Claims, ...] = key("Who may manage registries.", default=())
    manage_entries: tuple[Claims, ...] = key("Who may publish, delete and claim entries.", default=())


class AuthzSettings(ConfigRecord):
    """Roles and claims: with it, callers see and change only what their claims cover."""

    roles: RolesSettings = key("Who has which role.", default_factory=RolesSettings)


class AuthConfig(ConfigRecord):
    """Who may read and write; only the app asks, a static tree is public as a whole."""

    mode: Annotated[
        str | tuple[str, ...] | None,
        CheckFirst(_modes),
        Shown(
            {
                "anyOf": [
                    {"enum": list(MODES)},
                    {"type": "array", "items": {"enum": list(MODES)}, "minItems": 1, "uniqueItems": True},
                ]
            }
        ),
    ] = key("anonymous, oauth, token or registry; or a list of them.", default=None)
    public_paths: tuple[str, ...] = key("Paths that need no token, whole segments.", default=())
    oauth: OAuthSettings | None = key("Settings of the mode oauth.", default=None)
    authz: AuthzSettings | None = key("Roles of callers in the mode oauth.", default=None)
    token: TokenSettings | None = key("Settings of the mode token.", default=None)
    registry: RegistrySettings | None = key("Settings of the mode registry.", default=None)

    @classmethod
    def flaws(cls, given: Mapping[str, Any]) -> Iterator[Flaw]:
        """Hold that a section names its mode, and that a mode has the settings that it needs."""
        mode = given.get("mode")
        if mode is None and any(given.values()):
            yield Flaw(at=("mode",), what="is required", expected="one of " + ", ".join(MODES))
        named = list(mode) if isinstance(mode, list | tuple) else [mode]
        for block, expected in (("oauth", "its providers"), ("token", "its tokens")):
            if named.count(block) == 1 and given.get(block) is None:
                yield Flaw(at=(block,), what=f"is required when mode is {block}", expected=expected)

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
