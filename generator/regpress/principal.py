"""Who asks, and what that permits: patterns of names, official registry specification 8.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Literal, NamedTuple

from regpress.record import record

Action = Literal["publish", "edit"]


class Permission(NamedTuple):
    """The right to do something with some names.

    Attributes:
        action: what; one never implies the other.
        resource: ``*`` for all names, a pattern that ends in ``*`` for all that begin so, else one name.
    """

    action: Action
    resource: str

    def covers(self, name: str) -> bool:
        """Return whether a name is one of those; case counts."""
        if self.resource.endswith("*"):
            return name.startswith(self.resource[:-1])
        return name == self.resource


@record(kw_only=True)
class Principal:
    """A caller who has been recognised.

    Attributes:
        subject: who it is, for logs.
        method: how that is known: ``token``, ``dns``, ``oidc`` …
        user: a name for people to read, empty where there is none.
        permissions: what the caller may do.
        claims: of the token of an identity provider.
    """

    subject: str
    method: str
    user: str = ""
    permissions: tuple[Permission, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)

    def may(self, action: Action, name: str) -> bool:
        """Return whether the caller may do something with a name."""
        return any(one.action == action and one.covers(name) for one in self.permissions)

    def patterns(self, action: Action) -> tuple[str, ...]:
        """Return the patterns that the caller has for an action."""
        return tuple(one.resource for one in self.permissions if one.action == action)


def permissions(publish: Iterable[str] = (), edit: Iterable[str] = ()) -> tuple[Permission, ...]:
    """Return the permissions that two lists of patterns make."""
    return (*(Permission("publish", one) for one in publish), *(Permission("edit", one) for one in edit))


#: Everything: for writes that need no recognition, which only a loopback address offers.
EVERYTHING = permissions(["*"], ["*"])
