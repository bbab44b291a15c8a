"""Principals to callers, and callers to what they see of a registry; ToolHive registry specification 10.1 and 11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from regpress.claims import UNGATED, Caller, Claims, Role, caller_of
from regpress.errors import ForbiddenError
from regpress.model.config_auth import AuthConfig
from regpress.principal import EVERYTHING, Permission, Principal
from regpress.record import record

REGISTRY_REFUSED: Final = "forbidden: insufficient claims for registry"
ROLE_REFUSED: Final = "forbidden: insufficient permissions"
_NOT_COVERED: Final = "insufficient claims: caller claims do not cover resource claims"
_NO_CLAIMS: Final = "insufficient claims: resource has no claims"
#: Somebody of whom nothing is known.
NOBODY: Final = Caller()


class Viewer(NamedTuple):
    """Who looks at a registry.

    Attributes:
        caller: who it is.
        unclaimed: whether what has no claims shows too: in public registries, and where there are no roles.
    """

    caller: Caller
    unclaimed: bool

    def sees(self, claims: Claims) -> bool:
        """Return whether what has these claims shows."""
        return (self.unclaimed and not claims) or self.caller.may_read(claims)


@record(kw_only=True)
class Callers:
    """What a configuration gives to those who ask.

    Attributes:
        anonymous: whether nobody is asked for a token and everybody sees everything: mode anonymous, by its name.
        roles: the rules by role; None where there are none, and nothing is asked for.
    """

    anonymous: bool = False
    roles: Mapping[Role, Sequence[Claims]] | None = None

    def caller(self, principal: Principal | None) -> Caller:
        """Return what somebody may do; None is somebody without a token."""
        if self.anonymous or (principal is not None and _is_administrator(principal)):
            return UNGATED
        if principal is None or principal.method != "oauth":
            return NOBODY
        return UNGATED if self.roles is None else caller_of(principal.claims, self.roles)

    def permissions(self, claims: Claims) -> tuple[Permission, ...]:
        """Return which names somebody with the claims of a token may write by the official routes."""
        is_editor = self.roles is None or caller_of(claims, self.roles).has("manageEntries")
        return EVERYTHING if is_editor else ()

    def viewer(self, principal: Principal | None, *, claims: Claims, public: bool) -> Viewer:
        """Return how somebody looks at a registry.

        Args:
            principal: who it is.
            claims: of the registry.
            public: whether everybody may read it.

        Raises:
            ForbiddenError: they may not look at all.
        """
        caller = self.caller(principal)
        unclaimed = public or self.roles is None or caller.bypasses
        if not public and not caller.may_read(claims) and not (unclaimed and not claims):
            raise ForbiddenError(REGISTRY_REFUSED)
        return Viewer(caller, unclaimed)


def check_stamp(caller: Caller, claims: Claims) -> None:
    """Hold that a caller may give claims to something.

    Raises:
        ForbiddenError: they may not.
    """
    if not caller.may_stamp(claims):
        raise ForbiddenError(_NOT_COVERED if claims else _NO_CLAIMS)


def check_cover(caller: Caller, claims: Claims) -> None:
    """Hold that a caller covers the claims of something that stands.

    Raises:
        ForbiddenError: they do not.
    """
    if not caller.may_read(claims):
        raise ForbiddenError(_NOT_COVERED if claims else _NO_CLAIMS)


def callers_of(auth: AuthConfig) -> Callers:
    """Return what the ``auth`` section gives to those who ask."""
    if auth.authz is None or auth.modes == ("anonymous",):
        return Callers(anonymous=auth.modes == ("anonymous",))
    roles = auth.authz.roles
    return Callers(
        roles={
            "superAdmin": roles.super_admin,
            "manageSources": roles.manage_sources,
            "manageRegistries": roles.manage_registries,
            "manageEntries": roles.manage_entries,
        }
    )


def _is_administrator(principal: Principal) -> bool:
    """Return whether a caller is known as one without claims: this machine's, or the holder of a token for all."""
    return principal.method in {"none", "token"} and principal.may("publish", "*") and principal.may("edit", "*")
