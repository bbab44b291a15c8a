"""``regpress check``: validate every source and write nothing."""

from __future__ import annotations

from pathlib import Path

import click

from regpress import build as use_case
from regpress.cli import opening, options
from regpress.cli.ending import collect_no_more
from regpress.cli.help import HELP
from regpress.cli.report import counts_line, findings_exit_code, write_report


@click.command(context_settings=HELP)
@options.site_argument
@options.config_option
@options.host_option
@options.previous_option
@options.jobs_option
@options.format_option
@options.strict_option
@options.verbose_option
def check(
    site: Path,
    config_file: Path | None,
    host: str | None,
    previous: str | None,
    jobs: int | None,
    output_format: str,
    strict: bool,
    verbose: bool,
) -> None:
    """Validate every source of the site in folder SITE and write nothing.

    Exit code 1 when there are errors (with --strict also warnings).
    """
    collect_no_more()
    opened = opening.open_for(site, config_file, host=host)
    earlier = opening.earlier_output(previous, opened)
    build_options = opening.options_for(opened, site / "dist", previous=earlier, jobs=jobs)
    report = use_case.check(opened, build_options, options.progress())
    write_report(report, output_format, verbose=verbose)
    click.echo(counts_line(report), err=True)
    raise SystemExit(findings_exit_code(report, strict=strict))
