#!/usr/bin/env python3
"""Writes docs/hosts/NAME.md for every host profile, from what the profile itself says and does.

Run it after a change of a profile:  .venv/bin/python scripts/host_pages.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from regpress import paths
from regpress.hosts import serving
from regpress.hosts.base import HostProfile, Limits, SiteAddress
from regpress.hosts.limits import human_bytes
from regpress.hosts.table import DEFAULT, PROFILES
from regpress.names import KINDS

FOLDER = Path(__file__).parents[1] / "docs" / "hosts"
SITE = SiteAddress(base_url="https://registry.example.org", registries=("default",))
LIST = "v0.1/servers"
LATEST = "v0.1/servers/com.example/weather/versions/latest"
EXACT = "v0.1/servers/com.example/weather/versions/1.0.0+build"
ENCODED = f"/v0.1/servers/{quote('com.example/weather', safe='')}"
#: Bodies of errors, which configure nothing.
BODIES = {serving.BAD_REQUEST_PROBLEM, serving.NOT_FOUND_PROBLEM}
#: Longer files for the host are not shown.
MOST_LINES = 80
#: What is asked in the table of answers, each as it is sent.
ASKED = (
    ("GET", "/v0.1/servers"),
    ("GET", "/v0.1/servers?version=latest&limit=100"),
    ("GET", "/v0.1/servers?search=weather"),
    ("GET", "/v0.1/servers?cursor=nonsense"),
    ("GET", f"{ENCODED}/versions/latest"),
    ("GET", f"/{LATEST}"),
    ("GET", f"{ENCODED.replace('%2F', '%252F')}/versions/latest"),
    ("GET", f"{ENCODED}/versions/1.0.0%2Bbuild"),
    ("GET", "/v0/servers"),
    ("GET", "/v0.1/servers/com.example%2Fnone/versions/latest"),
    ("OPTIONS", "/v0.1/servers"),
    ("GET", "/servers/com.example/weather"),
    ("GET", "/nowhere"),
)


def pages() -> dict[str, str]:
    """Return the text of every page by the name of its file."""
    return {f"{name}.md": "\n".join(_page(profile)) + "\n" for name, profile in PROFILES.items()}


def _page(profile: HostProfile) -> Iterator[str]:
    yield f"# `{profile.name}`: {profile.title}"
    yield ""
    yield "<!-- Written by scripts/host_pages.py from the profile; change that. -->"
    yield ""
    yield f"`site.host: {profile.name}` or `regpress build --host {profile.name}`."
    if profile.name == DEFAULT:
        yield "The default."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from _facts(profile)
    yield ""
    yield profile.guide.rstrip("\n")
    yield ""
    yield "## Answers"
    yield ""
    yield "As `regpress preview` gives them, for a registry with the version `1.0.0+build` of one server."
    yield ""
    yield "| request | status | type | served file, or where a redirect leads |"
    yield "|---|---|---|---|"
    yield from _answers(profile)
    for made in profile.configuration(SITE):
        text = made.body.decode()
        if text and text.count("\n") <= MOST_LINES and made.address not in BODIES:
            yield ""
            yield f"## `{made.address}`"
            yield ""
            yield "At the root of a host, with one registry:"
            yield ""
            yield f"```{'json' if made.address.endswith('.json') else ''}"
            yield text.rstrip("\n")
            yield "```"


def _facts(profile: HostProfile) -> Iterator[str]:
    files = " and ".join(f"`{file}`" for file in profile.files("P", "document"))
    yield f"| files of the address `P` | {files} |"
    yield f"| lists | {_lists(profile)} |"
    aliases = "by rules" if profile.rewrites_aliases else "as copies, with `site.aliases`"
    yield f"| `/v0`, `/registry/<default>` | {aliases} |"
    made = ", ".join(f"`{made.address}`" for made in profile.configuration(SITE))
    yield f"| files for the host | {made} |"
    yield f"| limits | {limits(profile.limits)} |"


def _lists(profile: HostProfile) -> str:
    if profile.follows_cursors:
        return "in pages, by cursors; searches get the complete list, up to 10,000 entries and 10 MiB"
    return "one complete document each, without a cursor, up to 10,000 entries and 10 MiB"


def limits(most: Limits) -> str:
    """Return the limits of a host in words."""
    parts = []
    if most.files is not None:
        parts.append(f"{most.files:,} files")
    if most.folder_files is not None:
        parts.append(f"{most.folder_files:,} files in one folder")
    if most.file_bytes is not None:
        parts.append(f"{human_bytes(most.file_bytes)} a file")
    if most.total_bytes is not None:
        parts.append(f"{human_bytes(most.total_bytes)} in total")
    return ", ".join(parts) or "none"


def _answers(profile: HostProfile) -> Iterator[str]:
    tree = _tree(profile)
    for method, target in ASKED:
        reply = profile.answer(method, target, SITE, tree.__contains__)
        kind = reply.headers.get("content-type", "").partition(";")[0]
        what = f"`{reply.file}`" if reply.file else ""
        if "location" in reply.headers:
            what = f"to `{reply.headers['location']}`"
        asked = f"{method} " if method != "GET" else ""
        yield f"| {asked}`{target}` | {reply.status} | {f'`{kind}`' if kind else ''} | {what} |"


def _tree(profile: HostProfile) -> Mapping[str, None]:
    """Return the files of a registry with one server."""
    documents = [LIST, LATEST, LATEST.removesuffix("/latest"), EXACT]
    if profile.stores_pages:
        documents += [paths.stored_page("", kind, name) for kind in KINDS for name in ("latest", "all")]
    files = [file for address in documents for file in profile.files(address, "document")]
    files += [file for page in ("", "servers/com.example/weather/") for file in profile.files(page, "page")]
    files += [made.address for made in profile.configuration(SITE)]
    return dict.fromkeys([*files, paths.NOT_FOUND_PAGE])


def main() -> None:
    """Write all pages, and remove those of profiles that are no more."""
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.md"):
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
