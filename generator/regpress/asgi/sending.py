"""Answers to what is sent: the status, the header fields and the body that suit one request."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from regpress.asgi.answers import Answer, Headers

CORS: Final[Headers] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Type, Content-Length, ETag, X-Request-Id"),
)
_PACKS: Final = re.compile(
    r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[0-9.]+)?\s*(?=,|$)", re.IGNORECASE
)


class Sent(NamedTuple):
    """What one request is sent; the body of an answer to HEAD is left out by who sends it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def takes_gzip(accepted: str) -> bool:
    """Return whether an ``Accept-Encoding`` lets an answer be compressed."""
    return bool(accepted) and _PACKS.search(accepted) is not None


def is_known(given: str, answer: Answer) -> bool:
    """Return whether an ``If-None-Match`` names the bytes of an answer, in either form."""
    if not given or not answer.tag or answer.status != 200:
        return False
    tags = [one.strip().removeprefix("W/").replace("-gzip", "") for one in given.split(",")]
    return answer.tag.decode() in tags or "*" in tags


def sent(answer: Answer, *, request_id: bytes, gzip: bool, known: bool) -> Sent:
    """Return what a request is sent.

    Args:
        answer: the answer.
        request_id: what logs call the request.
        gzip: whether it may be compressed.
        known: whether the caller has these bytes.
    """
    status, body, tag = answer.status, answer.body, answer.tag
    headers = [
        *CORS,
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id),
        (b"cache-control", answer.cache),
        *answer.headers,
    ]
    if body and answer.media_type:
        headers.append((b"vary", b"Accept-Encoding"))
        if gzip and (packed := answer.packed()):
            body = packed
            headers.append((b"content-encoding", b"gzip"))
            tag = tag[:-1] + b'-gzip"' if tag else tag
    if tag:
        headers.append((b"etag", tag))
        if known:
            return Sent(304, headers, b"")
    if status not in {204, 304}:
        headers.append((b"content-length", b"%d" % len(body)))
        if body:
            headers.append((b"content-type", answer.media_type))
    return Sent(status, headers, body)
