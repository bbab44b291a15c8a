"""Questions to those who vouch for callers: identity providers, GitHub, web servers and name servers of domains.

Each has a limit on time and size, follows no redirect, and goes to no private address unless it may: the address that
is judged is the one that is connected to.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from regpress.errors import SourceUnavailableError
from regpress.record import record
from regpress.sources.http import USER_AGENT, public_only

if TYPE_CHECKING:
    # Few need them, and only when somebody logs in; reading them takes longer than reading a registry.
    import dns.asyncresolver
    import httpx

#: Official registry specification 16.
DNS_SECONDS: Final = 5.0
HTTP_SECONDS: Final = 10.0
WELL_KNOWN_BYTES: Final = 4096
JSON_BYTES: Final = 1024 * 1024


class Reply(NamedTuple):
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as a value, None where it is no JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


@record(kw_only=True)
class Fetcher:
    """Asks web servers.

    Attributes:
        allow_private: whether private and loopback addresses may be asked.
        authority: file with further certificate authorities; None for those of the system alone.
        names: how to find the addresses of a host; None for the system's way.
        port: port of hosts that are named without one.
    """

    allow_private: bool = False
    authority: str | None = None
    names: NameServers | None = None
    port: int | None = None

    async def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        limit: int = JSON_BYTES,
        seconds: float = HTTP_SECONDS,
    ) -> Reply:
        """Return what is answered to a request, whatever its status.

        Args:
            url: an http or https address.
            method: GET, HEAD or POST.
            headers: further header fields.
            form: what a POST carries.
            limit: most bytes of the body.
            seconds: longest wait for all of it.

        Raises:
            SourceUnavailableError: there is no answer, or none that may be read.
        """
        import httpx  # noqa: PLC0415  # see above

        parts = urlsplit(url)
        host = parts.hostname or ""
        try:
            async with asyncio.timeout(seconds):
                address = await self._address(host, parts.port or self.port or (443 if parts.scheme == "https" else 80))
                request = httpx.Request(
                    method, url, headers=headers, data=dict(form) if form is not None else None, extensions={}
                )
                return await self._send(request, address, limit)
        except TimeoutError as error:
            raise SourceUnavailableError(host, f"did not answer within {seconds:g} s") from error
        except (httpx.HTTPError, OSError, ValueError) as error:
            raise SourceUnavailableError(
                host, f"cannot be asked: {str(error)[:200] or type(error).__name__}"
            ) from error

    async def _address(self, host: str, port: int) -> tuple[str, int]:
        if self.names is not None:
            found = await self.names.addresses(host)
        else:
            loop = asyncio.get_running_loop()
            infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [str(info[4][0]) for info in infos]
        if not found:
            raise OSError(f"no address is known for {host}")
        if not self.allow_private:
            for address in found:
                if why := public_only(address):
                    raise OSError(why)
        return found[0], port

    async def _send(self, request: httpx.Request, address: tuple[str, int], limit: int) -> Reply:
        import httpx  # noqa: PLC0415  # see above

        trust = ssl.create_default_context()
        if self.authority:
            trust.load_verify_locations(self.authority)
        # The name stays in the fields and in the certificate; only the way there is fixed.
        request.headers.update({"user-agent": USER_AGENT, "accept-encoding": "identity"})
        request.extensions["sni_hostname"] = request.url.host
        request.extensions["timeout"] = httpx.Timeout(HTTP_SECONDS).as_dict()
        request.url = request.url.copy_with(host=address[0], port=address[1])
        async with httpx.AsyncHTTPTransport(verify=trust, trust_env=False) as transport:
            response = await transport.handle_async_request(request)
            try:
                return Reply(response.status_code, dict(response.headers), await _body(response, limit))
            finally:
                await response.aclose()


async def _body(response: httpx.Response, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise OSError(f"answers with more than {limit} bytes")
    return b"".join(parts)


@record
class NameServers:
    """Asks name servers.

    Attributes:
        servers: addresses, with a port behind a colon where it is not 53; the system's where there are none.
    """

    servers: Sequence[str] = ()
    _resolvers: list[dns.asyncresolver.Resolver] = field(default_factory=list)

    async def texts(self, domain: str) -> list[str]:
        """Return the TXT records of a domain, none where it has none.

        Raises:
            SourceUnavailableError: there is no such domain, or no answer.
        """
        answer = await self._ask(domain, "TXT")
        return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

    async def addresses(self, host: str) -> list[str]:
        """Return the addresses of a host.

        Raises:
            SourceUnavailableError: there is no such host, or no answer.
        """
        found = [record.address for record in await self._ask(host, "A")]
        return found or [record.address for record in await self._ask(host, "AAAA")]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        import dns.exception  # noqa: PLC0415  # see above
        import dns.resolver  # noqa: PLC0415  # see above

        if not self._resolvers:
            self._resolvers.append(_resolver(self.servers))
        try:
            return list(await self._resolvers[0].resolve(f"{name}.", kind, lifetime=DNS_SECONDS, search=False))
        except dns.resolver.NoAnswer:
            return []
        except dns.exception.DNSException as error:
            raise SourceUnavailableError(
                name, f"no {kind} records: {str(error)[:200] or type(error).__name__}"
            ) from error


def _resolver(servers: Sequence[str]) -> dns.asyncresolver.Resolver:
    import dns.asyncresolver  # noqa: PLC0415  # see above

    resolver = dns.asyncresolver.Resolver(configure=not servers)
    if servers:
        places = [server.rpartition(":") for server in servers]
        resolver.nameservers = [host or port for host, _, port in places]
        resolver.nameserver_ports = {host: int(port) for host, _, port in places if host}
    return resolver
