"""``build.json``: is what the host serves the build that was made?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from regpress.paths import BUILD_FILE
from regpress.probe_checks.finding import Finding, failed, passed, warned
from regpress.probe_checks.mends import profiles_of
from regpress.probe_checks.session import Session, Visit
from regpress.probe_checks.walk import Listing, page_of

_BELOW_REGISTRY = re.compile(r"/registry/[^/]+$")
_STALE = "deploy again, or wait until the deployment and the caches are through (--wait)"


def build_url(base: str) -> str:
    """Return where the ``build.json`` of the registry at *base* lies: at the root of the site."""
    return f"{_BELOW_REGISTRY.sub('', base)}/{BUILD_FILE}"


def differences(local: Mapping[str, Any], remote: Any) -> list[str]:
    """Return which facts of two ``build.json`` differ, with both values where they are short."""
    if not isinstance(remote, dict):
        return ["the whole document"]
    facts = [("revision", local.get("revision"), remote.get("revision"))]
    facts += [("list.sha256", _list_digest(local), _list_digest(remote))]
    facts += [(f"counts.{key}", here, there) for key, here, there in _counts(local, remote)]
    return [f"{name} is {there}, not {here}" for name, here, there in facts if here != there]


def check_build(session: Session, listing: Listing | None) -> Iterator[Finding]:  # noqa: ARG001 (one signature)
    """Compare the deployed ``build.json`` with the local one, where there is one."""
    seen = deployed(session)
    remote = seen.json if seen.status == 200 else None
    if not isinstance(remote, dict):
        told = f"{seen.said()}, no build.json"
        advice = "deploy the whole output folder, build.json included"
        yield failed("build", told, advice) if session.local is not None else warned("build", told, advice)
    elif session.local is None:
        yield passed("build", f"{remote.get('generator', '')}, revision {remote.get('revision', '')}; not compared")
    elif different := differences(session.local, remote):
        yield failed("build", f"another build is deployed: {'; '.join(different)}", _STALE)
    else:
        yield passed("build", f"the local build, revision {remote.get('revision', '')}")


def check_profile(session: Session, listing: Listing | None) -> Iterator[Finding]:  # noqa: ARG001 (one signature)
    """Compare the host that the deployed tree was built for with the one that answers, where it says who it is."""
    seen = deployed(session)
    remote = seen.json if seen.status == 200 else None
    built, fitting = remote.get("host") if isinstance(remote, dict) else None, profiles_of(seen.final)
    if not isinstance(built, str) or not fitting:
        return
    if built in fitting:
        yield passed("profile", f"built for {built}, which is the host that answers")
    else:
        told = f"built for {built}, but the host that answers needs {' or '.join(fitting)}"
        yield failed("profile", told, f"regpress build --host {fitting[0]}")


def check_list_digest(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Compare the list's bytes with the digest in ``build.json``: both must come from one deployment."""
    if listing is None or listing.cursor or build_url(session.base) != f"{session.base}/{BUILD_FILE}":
        return
    expected = _list_digest(deployed(session).json)
    if not expected:
        return
    seen = session.servers()
    if page_of(seen) is None:
        yield failed("list digest", seen.said(), "answer the list without a query as well")
    elif hashlib.sha256(seen.final.body).hexdigest() == expected:
        yield passed("list digest", "the list is of the build that build.json names")
    else:
        yield failed(
            "list digest", "the list and build.json are of different builds, or the host changes bodies", _STALE
        )


def deployed(session: Session) -> Visit:
    """Return the answers to ``build.json``.

    Raises:
        SourceUnavailableError: there was no answer.
    """
    return session.get_url(build_url(session.base))


def _list_digest(build: Any) -> str:
    described = build.get("list") if isinstance(build, dict) else None
    value = described.get("sha256") if isinstance(described, dict) else None
    return value.removeprefix("sha256:") if isinstance(value, str) else ""


def _counts(local: Mapping[str, Any], remote: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    here, there = local.get("counts"), remote.get("counts")
    here, there = here if isinstance(here, dict) else {}, there if isinstance(there, dict) else {}
    for key in sorted(here.keys() | there.keys()):
        yield key, here.get(key), there.get(key)
