"""RFC 3339 texts to instants and back; nothing here reads a clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?(?:[Zz]|([+-]\d\d:\d\d))")


def parse_time(text: str) -> datetime:
    """Return the instant that an RFC 3339 date-time names, in UTC, cut to microseconds.

    Raises:
        ValueError: the text is not an RFC 3339 date-time with an offset.
    """
    found = _RFC3339.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not an RFC 3339 date-time such as '2026-05-01T06:00:00Z'")
    date, time, fraction, offset = found.groups()
    moment = datetime.fromisoformat(f"{date}T{time}.{(fraction or '0')[:6].ljust(6, '0')}{offset or '+00:00'}")
    return moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """Return *moment* as RFC 3339 in UTC with ``Z``; a fraction only where there is one."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


@lru_cache(maxsize=100_000)
def time_key(text: str) -> str:
    """Return a text that sorts as the instants do, to the last digit of the fraction.

    Raises:
        ValueError: as `parse_time`.
    """
    if len(text) == 20 and text[19] == "Z" and text[10] == "T":
        return text[:19] + "."
    found = _RFC3339.fullmatch(text)
    fraction = found.group(3) if found else None
    return parse_time(text).strftime("%Y-%m-%dT%H:%M:%S") + "." + (fraction or "").rstrip("0")


def later_time(text: str, after: str) -> str:
    """Return an RFC 3339 time, or the first microsecond later than *after* where that is not earlier.

    Args:
        text: RFC 3339.
        after: RFC 3339; empty for none.
    """
    if not after or time_key(text) > time_key(after):
        return text
    try:
        return format_time(parse_time(after) + timedelta(microseconds=1))
    except OverflowError:  # the end of the year 9999: nothing can be said to be later
        return after


def from_epoch(seconds: float) -> str:
    """Return the RFC 3339 text of a Unix time."""
    return format_time(datetime.fromtimestamp(seconds, UTC))
