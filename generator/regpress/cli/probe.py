"""``regpress probe``: ask a deployed registry what clients ask, and say what to mend."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from regpress.cli.help import HELP
from regpress.probe import ProbeReport, load_local_build, parse_registry_url, run_probe, wait_for_build
from regpress.probe_checks.finding import Finding
from regpress.probe_fetch import HttpFetcher

#: The whole probe may take as long as this many slow requests.
_TOTAL_FACTOR: Final = 12
_COLOURS: Final = {"pass": "green", "warning": "yellow", "fail": "red"}
_NAME_WIDTH: Final = 20


@click.command(context_settings=HELP)
@click.argument("url")
@click.option("--build", type=click.Path(path_type=Path), help="Output folder of the build that should be deployed.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    envvar="REGPRESS_FORMAT",
    help="How findings are reported.",
)
@click.option("--timeout", type=click.FloatRange(0.1, 600), default=10, show_default=True, help="Seconds per request.")
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=0,
    help="Seconds to wait until the build of --build has arrived.",
)
@click.option("--strict/--no-strict", help="Treat warnings as failures.")
def probe(url: str, build: Path | None, output_format: str, timeout: float, wait: int, strict: bool) -> None:
    """Check a deployed registry at URL, the address that clients are given (without /v0.1)."""
    if wait and build is None:
        raise click.UsageError("--wait needs --build: without it there is nothing to wait for")
    started = time.monotonic()
    address = parse_registry_url(url)
    local = load_local_build(build) if build else None
    if local is not None and wait:
        _wait(address, local, wait, timeout)
    report = run_probe(address, HttpFetcher(timeout=timeout, total=timeout * _TOTAL_FACTOR), local=local)
    for line in _FORMATS[output_format](report):
        click.echo(line)
    counts = report.counts()
    summary = f"{counts['pass']} passed, {counts['warning']} warnings, {counts['fail']} failed"
    click.echo(f"{address}: {summary}, {time.monotonic() - started:.1f} s", err=True)
    raise SystemExit(1 if counts["fail"] or (strict and counts["warning"]) else 0)


def _wait(address: str, local: Mapping[str, Any], wait: int, timeout: float) -> None:
    click.echo(f"Waiting up to {wait} seconds for the build to arrive at {address}", err=True)
    fetcher = HttpFetcher(timeout=timeout, total=wait + timeout)
    wait_for_build(address, fetcher, local=local, seconds=wait, sleep=time.sleep)


def _text(report: ProbeReport) -> Iterator[str]:
    for finding in report.findings:
        outcome = click.style(f"{finding.outcome:<8}", fg=_COLOURS[finding.outcome])
        yield f"{outcome} {finding.probe:<{_NAME_WIDTH}} {_seen(finding)}"
        if finding.mend:
            yield f"{'':8} {'':{_NAME_WIDTH}} mend: {finding.mend}"


def _json(report: ProbeReport) -> Iterator[str]:
    findings = [
        {"probe": f.probe, "subject": f.subject, "outcome": f.outcome, "seen": f.seen, "mend": f.mend}
        for f in report.findings
    ]
    document = {"url": report.url, "outcome": report.outcome, "counts": report.counts(), "findings": findings}
    yield json.dumps(document, ensure_ascii=False, indent=2)


def _github(report: ProbeReport) -> Iterator[str]:
    """Yield workflow commands, which GitHub shows as annotations."""
    for finding in report.findings:
        if finding.outcome == "pass":
            continue
        level = "error" if finding.outcome == "fail" else "warning"
        text = f"{_seen(finding)} (mend: {finding.mend})" if finding.mend else _seen(finding)
        yield f"::{level} title=probe {_escaped(finding.probe, ',:')}::{_escaped(text)}"


def _seen(finding: Finding) -> str:
    return f"{finding.subject}: {finding.seen}" if finding.subject else finding.seen


def _escaped(text: str, also: str = "") -> str:
    return "".join(f"%{ord(letter):02X}" if letter in "%\r\n" + also else letter for letter in text)


_FORMATS: Final[Mapping[str, Callable[[ProbeReport], Iterator[str]]]] = {
    "text": _text,
    "json": _json,
    "github": _github,
}
