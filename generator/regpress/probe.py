"""The address of a deployed registry to a report: does it work for the clients people use?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from regpress.errors import ConfigError, NotFoundError, SourceUnavailableError, StorageError
from regpress.paths import BUILD_FILE
from regpress.probe_checks import deployed, detail, headers, listing
from regpress.probe_checks.finding import OUTCOMES, Finding, Outcome, failed
from regpress.probe_checks.session import Session, visit
from regpress.probe_checks.walk import Listing, read_listing
from regpress.probe_fetch import Fetcher
from regpress.record import record

_API_ENDING: Final = re.compile(r"/v0(\.1)?(/servers)?$")
#: Seconds between two looks at ``build.json`` while waiting for a deployment.
PAUSE: Final = 10

Check = Callable[[Session, Listing | None], Iterable[Finding]]

#: All probes in the order of the report; the last ones look at what the others saw.
CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("list", listing.check_list),
    ("entries", listing.check_entries),
    ("list size", listing.check_size),
    ("cursor", listing.check_cursor),
    ("unknown cursor", listing.check_unknown_cursor),
    ("search", listing.check_search),
    ("latest", detail.check_latest),
    ("latest, plain slash", detail.check_decoded),
    ("exact version", detail.check_exact),
    ("versions", detail.check_versions),
    ("wrong case", detail.check_case),
    ("missing server", detail.check_missing),
    ("options", headers.check_options),
    ("caching", headers.check_caching),
    ("build", deployed.check_build),
    ("profile", deployed.check_profile),
    ("list digest", deployed.check_list_digest),
    ("cors", headers.check_cors),
    ("redirect target", headers.check_secure_redirects),
)


@record(kw_only=True)
class ProbeReport:
    """All findings about one registry.

    Attributes:
        url: its address.
        findings: in the order of `CHECKS`.
    """

    url: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Return the worst outcome of all."""
        return max((finding.outcome for finding in self.findings), key=OUTCOMES.index, default="pass")

    def counts(self) -> dict[Outcome, int]:
        """Return the number of findings of each outcome, zeros included."""
        return {outcome: sum(finding.outcome == outcome for finding in self.findings) for outcome in OUTCOMES}


def run_probe(url: str, fetcher: Fetcher, *, local: Mapping[str, Any] | None = None) -> ProbeReport:
    """Ask a deployed registry what clients ask, and judge the answers.

    Args:
        url: the address that clients are given, as `parse_registry_url` returns it.
        fetcher: the network.
        local: the ``build.json`` that should be there.

    Raises:
        SourceUnavailableError: the host does not answer at all.
    """
    session = Session(base=url, fetcher=fetcher, local=local)
    found = read_listing(session)
    return ProbeReport(url=url, findings=tuple(finding for check in CHECKS for finding in _run(check, session, found)))


def wait_for_build(
    url: str, fetcher: Fetcher, *, local: Mapping[str, Any], seconds: int, sleep: Callable[[float], object]
) -> bool:
    """Look for the local build at *url* again and again; return whether it came.

    Args:
        url: the address of the registry.
        fetcher: the network.
        local: the ``build.json`` that should be there.
        seconds: how long to wait at most, apart from the requests themselves.
        sleep: waits for some seconds.
    """
    for _ in range(max(seconds, 0) // PAUSE):
        if _has_arrived(url, fetcher, local):
            return True
        sleep(PAUSE)
    return _has_arrived(url, fetcher, local)


def load_local_build(path: Path) -> Mapping[str, Any]:
    """Return the ``build.json`` of an output folder, or the file itself.

    Raises:
        NotFoundError: there is none.
        StorageError: it is not a JSON object.
    """
    file = path / BUILD_FILE if path.is_dir() else path
    try:
        build = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(str(file), "does not exist (expected the output of `regpress build`)") from error
    except (OSError, ValueError, RecursionError) as error:
        raise StorageError(str(file), f"cannot be read as JSON: {error}") from error
    if not isinstance(build, dict):
        raise StorageError(str(file), "is not a JSON object")
    return build


def parse_registry_url(text: str) -> str:
    """Return the address of a registry as clients are given it, without a final slash.

    Raises:
        ConfigError: it is no HTTP address, or not the one that clients are given.
    """
    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not text.strip().isascii() or not text.strip().isprintable() or " " in text.strip():
        raise ConfigError(f"url: {text[:200]!r} is not an address (expected e.g. https://example.org/registry)")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError("url: has a query, a fragment or credentials, which clients do not send on")
    path = parts.path.rstrip("/")
    base = f"{parts.scheme}://{parts.netloc}{_API_ENDING.sub('', path)}"
    if _API_ENDING.search(path):
        raise ConfigError(f"url: clients append /v0.1/servers themselves (expected {base})")
    return base


def _run(check: tuple[str, Check], session: Session, found: Listing | None) -> list[Finding]:
    name, run = check
    try:
        return list(run(session, found))
    except SourceUnavailableError as error:
        return [failed(name, str(error))]


def _has_arrived(url: str, fetcher: Fetcher, local: Mapping[str, Any]) -> bool:
    try:
        seen = visit(fetcher, deployed.build_url(url))
    except SourceUnavailableError:
        return False
    return seen.status == 200 and not deployed.differences(local, seen.json)
