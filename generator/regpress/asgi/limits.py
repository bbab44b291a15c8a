"""How often one caller may ask for what is costly or worth guessing."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from typing import Final

from regpress.asgi.answers import TooManyError

#: Most callers that are remembered; the one that was silent for longest goes first.
_MOST: Final = 10_000


class RateLimit:
    """A bucket of requests for each caller, which fills again with time."""

    def __init__(self, per_minute: int, *, burst: int) -> None:
        """Take the rate; 0 sets no limit.

        Args:
            per_minute: requests that each caller may make in the long run.
            burst: requests at once.
        """
        self._rate = per_minute / 60
        self._burst = float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float | None = None) -> None:
        """Count one request of a caller.

        Args:
            client: its address; those of one IPv6 network of a customer count together.
            now: seconds of a clock that never goes back.

        Raises:
            TooManyError: there were too many.
        """
        if not self._rate:
            return
        moment = time.monotonic() if now is None else now
        key = _network(client)
        left, last = self._buckets.pop(key, (self._burst, moment))
        left = min(self._burst, left + (moment - last) * self._rate)
        if left < 1:
            self._buckets[key] = (left, moment)
            raise TooManyError(max(1, round((1 - left) / self._rate)))
        self._buckets[key] = (left - 1, moment)
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)


def _network(client: str) -> str:
    if ":" not in client:
        return client
    try:
        return str(ipaddress.ip_network(f"{client.partition('%')[0]}/64", strict=False))
    except ValueError:
        return client
