"""The list of servers, as clients read it: the first page, cursors, search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from regpress import paths
from regpress.errors import InvalidNameError, SourceUnavailableError
from regpress.hosts.limits import LIST_MOST, list_grade
from regpress.model.entry import OFFICIAL_META
from regpress.names import parse_server_name
from regpress.probe_checks.finding import Finding, failed, passed, warned
from regpress.probe_checks.mends import mend
from regpress.probe_checks.session import REDIRECTS, Session, Visit, redirect_target
from regpress.probe_checks.walk import FIRST, Listing, keys_of, page_of, survives_in_a_query

_OFFICIAL_FIELDS: Final = ("status", "publishedAt", "updatedAt", "isLatest")


def check_list(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Ask for the list as editors probe a registry: 200, JSON, ``servers`` and ``metadata``."""
    seen = session.servers(FIRST)
    if listing is None:
        yield failed("list", f"{seen.said()}{_body_kind(seen)}", _list_mend(session, seen))
    elif seen.redirects:
        yield warned("list", seen.said(), mend("redirect", seen.final))
    elif seen.media_type != "application/json":
        yield warned("list", f"{seen.said()}: ToolHive takes it for no registry", mend("type", seen.final))
    else:
        yield passed("list", seen.said())


def check_entries(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Look for what voids a page or an entry in some client: static hosting section 2.5."""
    page = page_of(session.servers(FIRST))
    if page is None or listing is None:
        return
    entries, metadata = page["servers"], page["metadata"]
    broken = [f"entry {place}: {fault}" for place, entry in enumerate(entries) if (fault := _entry_fault(entry))]
    if broken:
        advice = (
            "an invalid first entry voids the page in VS Code, others are skipped: correct the source and build again"
        )
        yield failed("entries", f"{len(broken)} of {len(entries)} cannot be read by every client; {broken[0]}", advice)
    elif "nextCursor" in metadata and not metadata["nextCursor"]:
        yield warned("entries", "nextCursor is there but empty", "leave it out on the last page")
    elif metadata.get("count") != len(entries):
        seen = f"metadata.count is {metadata.get('count')!r} beside {len(entries)} entries"
        yield warned("entries", seen, "count the entries of the document")
    else:
        yield passed("entries", f"{len(entries):,} complete entries")


def check_size(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Compare the list with what clients read at most."""
    if listing is None:
        return
    final = session.servers(FIRST).final
    page = page_of(session.servers(FIRST)) or {}
    entries, size = len(page.get("servers", ())), len(final.body)
    seen = f"{entries:,} entries, {size:,} bytes in one document"
    advice = "use a host profile that pages, or filter the registry"
    grade = list_grade(entries, size)
    if grade == "too large":
        yield failed("list size", f"{seen}: clients refuse more than {LIST_MOST}", advice)
    elif grade == "large":
        yield warned("list size", f"{seen}: near the {LIST_MOST} that clients read", advice)
    else:
        yield passed("list size", seen)


def check_cursor(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Follow the cursor, if one is offered: pages differ, cursors never repeat, and together they are the build."""
    if listing is None:
        return
    expected = _built_servers(session)
    found = len({name for name, _ in listing.keys})
    if listing.fault:
        yield failed("cursor", listing.fault, mend("cursor", session.servers(FIRST).final))
    elif not listing.complete:
        yield warned("cursor", f"stopped after {listing.pages:,} pages and {found:,} servers")
    elif expected is not None and found != expected:
        yield failed(
            "cursor", f"the list names {found:,} servers, the local build {expected:,}", "deploy the build again"
        )
    elif not listing.cursor:
        yield passed("cursor", "none offered: the list is complete")
    elif not survives_in_a_query(listing.cursor):
        yield warned(
            "cursor", f"{listing.cursor!r} does not survive in a query unencoded", "VS Code does not encode it"
        )
    else:
        yield passed("cursor", f"{listing.pages:,} pages, no entry twice")


def check_unknown_cursor(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Send a cursor that nobody offered: it is refused, or ignored where there are no cursors."""
    if listing is None:
        return
    seen = session.servers("?cursor=does-not-exist")
    if seen.status in {400, 404}:
        yield passed("unknown cursor", f"refused with {seen.status}")
    elif seen.status >= 500:
        yield failed("unknown cursor", seen.said(), "answer 400")
    elif seen.status == 200 and listing.cursor:
        yield failed("unknown cursor", "answered with a page: a client with an old cursor starts over", "answer 400")
    elif seen.status == 200:
        yield passed("unknown cursor", "ignored")
    else:
        yield warned("unknown cursor", seen.said(), "answer 400")


def check_search(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Search for the last name of the list, as installers do before they ask for the server itself."""
    if listing is None or not listing.keys:
        return
    name = listing.keys[-1][0]
    page = page_of(session.servers(f"?search={quote(name, safe='', errors='replace')}"))
    names = [found for found, _ in keys_of(page)] if page is not None else []
    if name not in names:
        advice = "answer searches with the complete list: installers look for the exact name on one page"
        yield failed("search", f"the answer does not hold {name}", advice, subject=name)
    elif any(name.lower() not in found.lower() for found in names):
        seen = f"ignored: {len(set(names)):,} servers for an exact name"
        yield warned("search", seen, "only a host that runs code can filter; clients cope", subject=name)
    else:
        yield passed("search", f"{len(set(names))} for an exact name", subject=name)


def _entry_fault(entry: Any) -> str:
    server = entry.get("server") if isinstance(entry, dict) else None
    meta = entry.get("_meta") if isinstance(entry, dict) else None
    if not isinstance(server, dict) or not isinstance(meta, dict):
        return "lacks the object server or _meta"
    for member in ("name", "description", "version"):
        if not isinstance(server.get(member), str) or not server[member]:
            return f"server.{member} is missing or empty"
    try:
        parse_server_name(server["name"])
    except InvalidNameError as error:
        return str(error)
    official = meta.get(OFFICIAL_META)
    missing = [member for member in _OFFICIAL_FIELDS if not isinstance(official, dict) or member not in official]
    return f"the official block lacks {', '.join(missing)}" if missing else ""


def _list_mend(session: Session, seen: Visit) -> str:
    if seen.final.status in REDIRECTS:
        return f"it leads to another address: probe {redirect_target(seen.final) or 'that'} instead"
    if seen.status in {401, 403}:
        return mend("login", seen.final)
    if seen.status == 200:
        return mend("fallback" if _is_html(seen) else "rewrite", seen.final)
    stored = _status_of(session, f"{paths.collection('', 'server')}.json")
    if stored == 200:
        return mend("rewrite", seen.final)
    return "is this the address below which /v0.1/servers lies, and has the build been deployed there?"


def _body_kind(seen: Visit) -> str:
    if seen.final.cut:
        return ", a body without end"
    if seen.status != 200:
        return ""
    if _is_html(seen):
        return ", a body of HTML instead of JSON"
    return ", JSON without servers and metadata" if seen.json is not None else ", a body that is not JSON"


def _is_html(seen: Visit) -> bool:
    return seen.final.body.lstrip()[:1] == b"<"


def _status_of(session: Session, path: str) -> int:
    try:
        return session.get(path).status
    except SourceUnavailableError:
        return 0


def _built_servers(session: Session) -> int | None:
    counts = session.local.get("counts") if session.local else None
    expected = counts.get("servers") if isinstance(counts, dict) else None
    return expected if isinstance(expected, int) else None
