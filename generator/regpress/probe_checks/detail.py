"""Single servers, as installers and allow lists ask for them: encoded names, versions, case, absence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote

from regpress import paths
from regpress.errors import InvalidNameError
from regpress.names import parse_server_name, version_problem
from regpress.probe_checks.finding import Finding, failed, passed, warned
from regpress.probe_checks.mends import mend
from regpress.probe_checks.session import Session, Visit
from regpress.probe_checks.walk import Key, Listing

#: A name that no registry has.
MISSING: Final = "com.example.regpress-probe/no-such-server"
LATEST: Final = "versions/latest"


def samples(listing: Listing | None) -> tuple[Key, ...]:
    """Return the servers to ask about: one plain, one with ``+`` in its version, one with upper case in its name."""
    usable = [key for key in listing.keys if _usable(key)] if listing else []
    tests: tuple[Callable[[Key], bool], ...] = (
        lambda key: "+" not in key[1] and key[0].islower(),
        lambda key: "+" in key[1],
        lambda key: not key[0].islower(),
    )
    chosen = (next((key for key in usable if test(key)), None) for test in tests)
    return tuple(dict.fromkeys(key for key in chosen if key is not None))


def check_latest(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Ask for the latest version with the name as one encoded segment, as nearly every client does."""
    for name, _ in samples(listing):
        seen = session.server(name, LATEST)
        if _server(seen).get("name") == name:
            if seen.redirects:
                yield warned("latest", seen.said(), mend("redirect", seen.final), subject=name)
            else:
                yield passed("latest", seen.said(), subject=name)
        elif _server(_decoded(session, name)).get("name") == name:
            told = f"{seen.said()}, though the address with a plain slash works: encoded slashes are not handled"
            yield failed("latest", told, mend("slash", seen.final), subject=name)
        else:
            yield failed("latest", _unlike(seen, name), _detail_mend(seen), subject=name)


def check_decoded(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Ask for the latest version with the slash of the name as it is."""
    for name, _ in samples(listing):
        seen = _decoded(session, name)
        if _server(seen).get("name") == name:
            yield passed("latest, plain slash", seen.said(), subject=name)
        else:
            advice = "treat / and %2F in a name alike"
            yield warned("latest, plain slash", _unlike(seen, name), advice, subject=name)


def check_exact(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Ask for the exact version; one with ``+`` also with the plus sign unencoded."""
    for name, version in samples(listing):
        spellings = dict.fromkeys((quote(version, safe=""), quote(version, safe="+")))
        visits = {spelled: session.server(name, f"versions/{spelled}") for spelled in spellings}
        wrong = [spelled for spelled, seen in visits.items() if _server(seen).get("version") != version]
        subject = f"{name}@{version}"
        if not wrong:
            yield passed("exact version", " and ".join(spellings), subject=subject)
        elif len(wrong) < len(visits):
            seen = visits[wrong[0]]
            yield warned("exact version", f"{wrong[0]}: {seen.said()}", mend("plus", seen.final), subject=subject)
        else:
            seen = visits[wrong[0]]
            # Where the server itself is found, it is the sign in its version that is not.
            by_sign = "+" in version and _server(session.server(name, LATEST)).get("name") == name
            advice = mend("plus", seen.final) if by_sign else _detail_mend(seen)
            yield failed("exact version", f"{wrong[0]}: {seen.said()}", advice, subject=subject)


def check_versions(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Ask for all versions of a server; one client installs whatever comes first."""
    for name, version in samples(listing)[:1]:
        seen = session.server(name, "versions")
        body = seen.json if seen.status == 200 else None
        entries = body.get("servers") if isinstance(body, dict) else None
        servers = [entry.get("server") for entry in entries if isinstance(entry, dict)] if entries else []
        if any(isinstance(server, dict) and server.get("version") == version for server in servers):
            yield passed("versions", f"{len(servers)} listed", subject=name)
        else:
            yield failed("versions", f"{seen.said()}, without {version}", _detail_mend(seen), subject=name)


def check_case(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Ask for a name in the wrong case: a registry's names differ in case, so it is not there."""
    known = {name for name, _ in listing.keys} if listing else set()
    for name, _ in samples(listing)[:1]:
        other = name.swapcase()
        if other in known:
            continue
        seen = session.server(other, LATEST)
        if seen.status == 404:
            yield passed("wrong case", "404", subject=other)
        else:
            advice = "serve from a file system or service that tells upper from lower case"
            yield warned("wrong case", seen.said(), advice, subject=other)


def check_missing(session: Session, listing: Listing | None) -> Iterator[Finding]:  # noqa: ARG001 (one signature)
    """Ask for a server that does not exist: anything but 404 reads as "the registry is broken"."""
    seen = session.server(MISSING, LATEST)
    if seen.status == 404:
        if seen.json is not None:
            yield passed("missing server", seen.said())
        else:
            yield warned("missing server", f"{seen.said()}, a body that is not JSON", mend("problem", seen.final))
    elif seen.status == 200:
        yield failed("missing server", f"{seen.said()}: every server exists", mend("fallback", seen.final))
    elif seen.status in {401, 403}:
        told = f"{seen.said()}: allow lists block everything"
        yield failed("missing server", told, mend("forbidden" if seen.status == 403 else "login", seen.final))
    else:
        yield failed("missing server", f"{seen.said()}: reads as a broken registry", "answer 404")


def _usable(key: Key) -> bool:
    try:
        parse_server_name(key[0])
    except InvalidNameError:
        return False
    return version_problem(key[1]) is None


def _decoded(session: Session, name: str) -> Visit:
    return session.get(f"{paths.collection('', 'server')}/{name}/{LATEST}")


def _server(seen: Visit) -> dict[str, object]:
    body = seen.json if seen.status == 200 else None
    server = body.get("server") if isinstance(body, dict) else None
    return server if isinstance(server, dict) else {}


def _unlike(seen: Visit, name: str) -> str:
    if seen.status != 200:
        return seen.said()
    found = _server(seen).get("name")
    return f"{seen.said()}, with the server {found!r}" if found else f"{seen.said()}, without the server {name}"


def _detail_mend(seen: Visit) -> str:
    if seen.status in {401, 403}:
        return mend("forbidden", seen.final)
    if seen.status == 200:
        return mend("fallback", seen.final)
    if seen.status == 404:
        return mend("rewrite", seen.final)
    return ""
