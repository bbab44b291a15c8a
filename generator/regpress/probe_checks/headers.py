"""Header fields: cross-origin access, preflight requests, caching, and where redirects lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from regpress import paths
from regpress.probe_checks.detail import LATEST, MISSING, samples
from regpress.probe_checks.finding import Finding, failed, passed, warned
from regpress.probe_checks.mends import mend
from regpress.probe_checks.session import ORIGIN, Session, redirect_target
from regpress.probe_checks.walk import FIRST, Listing
from regpress.probe_fetch import Response

HOUR: Final = 3600
#: What the generator asks hosts to send at most; a host that fixes a longer time is worth a warning.
PROMPT: Final = 300
_ALLOW: Final = tuple(f"access-control-allow-{what}" for what in ("origin", "methods", "headers"))
_PREFLIGHT: Final = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])(s-maxage|max-age)\s*=\s*\"?(\d{1,12})")


def check_cors(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Look for ``Access-Control-Allow-Origin`` on the list, on every redirect seen, and on a 404."""
    first = session.servers(FIRST).final
    if listing is not None:
        if fault := _cors_fault(first):
            yield failed("cors", f"on {first.status}: {fault}", mend("cors", first))
        else:
            yield passed("cors", f"on {first.status}: {first.headers['access-control-allow-origin']}")
    redirects = [hop for seen in session.answered() for hop in seen.redirects]
    without = [hop for hop in redirects if _cors_fault(hop)]
    if without:
        yield failed(
            "cors on redirects", f"on {without[0].status}: {_cors_fault(without[0])}", mend("cors", without[0])
        )
    elif redirects:
        yield passed("cors on redirects", f"on {len(redirects)} redirects")
    missing = session.server(MISSING, LATEST).final
    if missing.status == 404:
        if fault := _cors_fault(missing):
            yield warned("cors on 404", fault, mend("cors", missing))
        else:
            yield passed("cors on 404", missing.headers["access-control-allow-origin"])


def check_options(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Send the request that browsers send ahead of one with credentials."""
    if listing is None:
        return
    url = f"{session.base}/{paths.collection('', 'server')}"
    response = session.fetcher.fetch(url, method="OPTIONS", headers=_PREFLIGHT)
    lacking = [name for name in _ALLOW if name not in response.headers]
    if 200 <= response.status < 300 and not lacking:
        yield passed("options", f"{response.status} with the three Access-Control-Allow fields")
    elif 200 <= response.status < 300:
        yield warned("options", f"{response.status} without {', '.join(lacking)}", mend("options", response))
    else:
        yield warned("options", f"{response.status}: only clients that send credentials ask", mend("options", response))


def check_caching(session: Session, listing: Listing | None) -> Iterator[Finding]:
    """Compare how long answers may be kept with how soon a change should show."""
    if listing is None:
        return
    documents = {"list": session.servers(FIRST)}
    for name, _ in samples(listing)[:1]:
        documents["latest"] = session.server(name, LATEST)
    for subject, seen in documents.items():
        if seen.status == 200:
            yield _caching("caching", seen.final, subject)
    missing = session.server(MISSING, LATEST)
    if missing.status == 404:
        yield _caching("caching", missing.final, "404")


def check_secure_redirects(session: Session, listing: Listing | None) -> Iterator[Finding]:  # noqa: ARG001 (one signature)
    """Look at where all redirects so far led: never from HTTPS to HTTP, and not to another host."""
    leading = [
        (urlsplit(hop.url), target)
        for seen in session.answered()
        for hop in seen.redirects
        if (target := redirect_target(hop))
    ]
    downgraded = [target for here, target in leading if here.scheme == "https" and not target.startswith("https:")]
    elsewhere = [target for here, target in leading if here.hostname != urlsplit(target).hostname]
    if downgraded:
        yield failed("redirect target", f"http, not https: {downgraded[0]}", "redirect to https, or not at all")
    elif elsewhere:
        yield warned(
            "redirect target", f"another host, not followed: {elsewhere[0]}", "publish the address it leads to"
        )
    else:
        yield passed("redirect target", f"{len(leading)} redirects, all safe" if leading else "no redirects")


def max_age(response: Response) -> int | None:
    """Return the longest time in seconds that caches may keep an answer; None where it says nothing."""
    control = response.headers.get("cache-control", "").lower()
    if re.search(r"\bno-(store|cache)\b", control):
        return 0
    ages = [int(seconds) for _, seconds in _MAX_AGE.findall(control)]
    return max(ages, default=None)


def _caching(probe: str, response: Response, subject: str) -> Finding:
    keep, age = max_age(response), response.headers.get("age", "")
    limit, wanted = (HOUR, PROMPT) if subject != "404" else (HOUR, 60)
    advice = mend("cache", response)
    if age.isdecimal() and int(age[:12]) > HOUR:
        return failed(probe, f"a cache has kept this answer for {int(age[:12]):,} seconds", advice, subject=subject)
    if keep is None:
        return warned(probe, "no Cache-Control: caches guess how long to keep it", advice, subject=subject)
    seen = f"kept for up to {keep:,} seconds"
    if keep > limit:
        return failed(probe, f"{seen}: changes show only after more than an hour", advice, subject=subject)
    if keep > wanted:
        return warned(probe, f"{seen}: changes show that late", advice, subject=subject)
    return passed(probe, seen, subject=subject)


def _cors_fault(response: Response) -> str:
    allowed = response.headers.get("access-control-allow-origin")
    if allowed is None:
        return "no Access-Control-Allow-Origin"
    if allowed in {"*", ORIGIN}:
        return ""
    if "," in allowed:
        return f"Access-Control-Allow-Origin is sent twice ({allowed}), which browsers refuse"
    return f"Access-Control-Allow-Origin is {allowed}, not *"
