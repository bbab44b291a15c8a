"""Claims and roles: who may see what, and who may change what. ToolHive specification section 11; pure.

A *resource* (source, registry, entry) and a *caller* both have a flat map from key to text or list of texts. Every key
of the resource must be satisfied. The *read rule* asks for one shared value of each list, the *write rule* for all of
them. What is not of that form never matches, so that a malformed gate stays shut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final, Literal, get_args

from regpress.record import record

#: A flat map: key to text or list of texts; read from documents, so anything may be in it.
Claims = Mapping[str, Any]
Role = Literal["superAdmin", "manageSources", "manageRegistries", "manageEntries"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)


@record(kw_only=True)
class Caller:
    """Who asks, as far as claims and roles decide.

    Attributes:
        claims: of the token, unreduced.
        roles: the roles that the configuration gives them.
        bypasses: whether no claim is asked for: super admins, and modes without roles.
    """

    claims: Claims = field(default_factory=dict)
    roles: frozenset[Role] = frozenset()
    bypasses: bool = False

    def may_read(self, resource: Claims) -> bool:
        """Return whether the caller may see a resource; one without claims only where nothing is asked for."""
        return self.bypasses or can_read(resource, self.claims)

    def may_stamp(self, resource: Claims) -> bool:
        """Return whether the caller may give these claims to a resource."""
        return self.bypasses or can_write(resource, self.claims)

    def has(self, role: Role) -> bool:
        """Return whether the caller has a role; super admins have all."""
        return role in self.roles or "superAdmin" in self.roles


#: Everybody, where nothing is asked for: mode anonymous, and oauth without roles.
UNGATED: Final = Caller(roles=frozenset(ROLES), bypasses=True)


def caller_of(claims: Claims, roles: Mapping[Role, Sequence[Claims]]) -> Caller:
    """Return the caller with the claims of a token, under the roles of the configuration (section 11.1)."""
    held = frozenset(role for role in ROLES if any(_matches(rule, claims) for rule in roles.get(role, ())))
    return Caller(claims=claims, roles=held, bypasses="superAdmin" in held)


def can_read(resource: Claims, caller: Claims) -> bool:
    """Return whether each key of *resource* shares a value with *caller*: the read rule, section 11.2."""
    return bool(resource) and all(_shares(wanted, caller.get(key)) for key, wanted in resource.items())


def can_write(resource: Claims, caller: Claims) -> bool:
    """Return whether *caller* holds every value of each key of *resource*: the write rule, section 11.2."""
    return bool(resource) and all(_holds(wanted, caller.get(key)) for key, wanted in resource.items())


def claims_problem(claims: Any) -> str:
    """Return why *claims* are not a flat map of texts and lists of texts, or an empty text."""
    if not isinstance(claims, Mapping):
        return "claims must be an object"
    for key, value in claims.items():
        if not isinstance(value, str) and _texts(value) is None:
            return f"claim {key!r} must be a string or a list of strings"
    return ""


def same_claims(one: Claims, other: Claims) -> bool:
    """Return whether two maps say the same: a text is a list of one, and the order of a list says nothing."""
    return _normal(one) == _normal(other)


def _normal(claims: Claims) -> dict[str, frozenset[str] | None]:
    return {key: None if (texts := _texts(value)) is None else frozenset(texts) for key, value in claims.items()}


def _shares(wanted: Any, held: Any) -> bool:
    values, own = _texts(wanted), _texts(held, is_callers=True)
    if values is None or own is None:
        return False
    return not values or not own.isdisjoint(values)


def _holds(wanted: Any, held: Any) -> bool:
    values, own = _texts(wanted), _texts(held, is_callers=True)
    return values is not None and own is not None and values <= own


def _matches(rule: Claims, caller: Claims) -> bool:
    """Return whether all keys of a rule share a value with the caller; empty rules and lists never match."""
    return bool(rule) and all(bool(_texts(value)) and _shares(value, caller.get(key)) for key, value in rule.items())


def _texts(value: Any, *, is_callers: bool = False) -> frozenset[str] | None:
    """Return the texts of a claim, or None for what is not of that form.

    A token is its issuer's business: what a caller's list holds besides texts is passed over.
    """
    if isinstance(value, str):
        return frozenset((value,))
    if not isinstance(value, list | tuple):
        return None
    if is_callers:
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset(value) if all(isinstance(item, str) for item in value) else None
