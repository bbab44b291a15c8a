"""`Finding`: what one probe saw, and what would mend it."""

from __future__ import annotations

from typing import Final, Literal

from regpress.record import record

Outcome = Literal["pass", "warning", "fail"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("pass", "warning", "fail")

_LONGEST: Final = 300


@record(kw_only=True)
class Finding:
    """The result of one probe.

    Attributes:
        probe: the probe's name: ``list``, ``cors``.
        outcome: ``pass``; ``warning``, some clients do worse than they could; ``fail``, some client does not work.
        seen: what the host answered.
        mend: what would make it pass, where anything would; with the line of configuration where known.
        subject: the server or document that the probe was about; empty for the registry as a whole.
    """

    probe: str
    outcome: Outcome
    seen: str
    mend: str = ""
    subject: str = ""


def passed(probe: str, seen: str, *, subject: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(probe=probe, outcome="pass", seen=clean(seen), subject=clean(subject))


def warned(probe: str, seen: str, mend: str = "", *, subject: str = "") -> Finding:
    """Return a finding that some clients do worse than they could."""
    return Finding(probe=probe, outcome="warning", seen=clean(seen), mend=clean(mend), subject=clean(subject))


def failed(probe: str, seen: str, mend: str = "", *, subject: str = "") -> Finding:
    """Return a finding that some client does not work."""
    return Finding(probe=probe, outcome="fail", seen=clean(seen), mend=clean(mend), subject=clean(subject))


def clean(text: str) -> str:
    """Return *text* for a terminal or a log: answers are hostile, so control characters go and length is bounded."""
    visible = "".join(character if character.isprintable() else "?" for character in text[: _LONGEST + 1])
    return visible if len(text) <= _LONGEST else visible[: _LONGEST - 1] + "…"
