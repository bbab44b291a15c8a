"""One address to a snapshot: sources of type ``file`` with ``url``.

The last good answer is kept, for builds when the address cannot be reached.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from hashlib import sha256
from pathlib import Path
from typing import Any

from regpress.digest import compact_json, digest
from regpress.errors import SourceMalformedError, SourceUnavailableError
from regpress.model.entry import RawFile, Snapshot
from regpress.model.formats import MAX_FILE_BYTES
from regpress.model.issue import Issue
from regpress.names import SourceName
from regpress.record import record
from regpress.sources.base import source_issue
from regpress.sources.http import AddressRule, Answer, FetchError, fetch, public_only, shown_url


@record(kw_only=True)
class UrlSource:
    """A registry document at an address.

    Attributes:
        name: the source's name in the configuration.
        url: an absolute http or https address.
        cache: folder for the last good copy.
        timeout: seconds to wait.
        claims: claims of the source as a whole.
        address_rule: which IP addresses may be connected to; None for all, and for proxies.
        limit: most bytes of the document.
    """

    name: SourceName
    url: str
    cache: Path
    timeout: float = 30.0
    claims: Mapping[str, Any] = field(default_factory=dict)
    address_rule: AddressRule | None = public_only
    limit: int = MAX_FILE_BYTES

    def fetch(self) -> Snapshot:
        """Return the document, or its last good copy and a warning where the address cannot be reached for now.

        Raises:
            SourceUnavailableError: it cannot be reached and there is no copy, or it answers that it has no document.
            SourceMalformedError: what it answers is not JSON.
        """
        shown = shown_url(self.url)
        answer, issues = fetch_or_copy(self.name, shown, UrlCopy(self.cache, self.url), self._ask)
        file = RawFile(path=shown, data=answer.data, modified=answer.modified)
        # A server may send one ETag for all it has, so that alone it does not identify the content.
        revision = f"{answer.etag} {digest(answer.data)}".strip()
        return Snapshot(source=self.name, files=(file,), revision=revision, claims=self.claims, issues=issues)

    def _ask(self) -> Answer:
        answer = fetch(self.url, timeout=self.timeout, limit=self.limit, address_rule=self.address_rule)
        if what := start_problem(answer.data):
            raise SourceMalformedError(
                self.name, f"{shown_url(self.url)}: the answer {what} (expected a JSON document)"
            )
        return answer


def start_problem(data: bytes) -> str:
    """Return how an answer begins that is no JSON document, empty for others."""
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")[:20]
    if start[:1] in {b"{", b"["}:
        return ""
    return f"begins with {start.decode('utf-8', 'replace')!r}" if start else "is empty"


def fetch_or_copy(
    name: SourceName, shown: str, copy: UrlCopy, ask: Callable[[], Answer]
) -> tuple[Answer, tuple[Issue, ...]]:
    """Return an answer, which is kept, or its last good copy where the address cannot be reached for now.

    Args:
        name: the source.
        shown: its address in messages.
        copy: where the answer is kept.
        ask: gives the answer; what it raises besides `FetchError` is raised here.

    Raises:
        SourceUnavailableError: there is no answer and no copy, or the refusal is not one that passes.
    """
    try:
        answer = ask()
    except FetchError as error:
        kept = copy.load() if error.passing else None
        if kept is None:
            expected = f" (expected {error.expected})" if error.expected else ""
            raise SourceUnavailableError(name, f"{shown}: {error}{expected}") from error
        message = f"{error}; the last good copy is used"
        return kept, (source_issue(name, shown, "source-offline", message, severity="warning"),)
    try:
        copy.save(answer)
    except OSError as error:
        message = f"no copy could be kept for times without connection ({error.strerror})"
        return answer, (source_issue(name, shown, "source-cache", message, severity="warning"),)
    return answer, ()


class UrlCopy:
    """The last good answer of one address: one file, a line of JSON about the answer and then its bytes."""

    def __init__(self, folder: Path, url: str) -> None:
        self._url = url
        self._file = folder / "urls" / sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:40]

    def load(self) -> Answer | None:
        """Return the copy; None where there is none, or not a whole one."""
        try:
            head, _, data = self._file.read_bytes().partition(b"\n")
            about = json.loads(head)
            known = about["url"] == self._url and about["digest"] == digest(data)
            return Answer(data=data, etag=str(about["etag"]), modified=str(about["modified"])) if known else None
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def save(self, answer: Answer) -> None:
        """Keep *answer* in place of the earlier one.

        Raises:
            OSError: it cannot be written.
        """
        about = {"url": self._url, "digest": digest(answer.data), "etag": answer.etag, "modified": answer.modified}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._file.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(compact_json(about) + b"\n")
                file.write(answer.data)
            Path(temporary).replace(self._file)
        except OSError:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
