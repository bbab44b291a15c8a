"""Addresses to the bytes behind them: a GET for each, with limits on time, size, redirects and destinations."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from typing import IO, Any, Final
from urllib.parse import urlsplit, urlunsplit

from regpress import __version__
from regpress.record import record
from regpress.times import format_time

USER_AGENT: Final = f"regpress/{__version__}"
MAX_REDIRECTS: Final = 5
_BLOCK: Final = 1 << 16
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: Answers after which a later attempt may succeed.
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

#: Says why an IP address must not be connected to, or None.
AddressRule = Callable[[str], str | None]


class FetchError(Exception):
    """An address gave no usable answer; the text says why in one line.

    Attributes:
        passing: whether a later attempt may succeed, so that an earlier copy is a fair substitute.
        expected: what would be right.
        status: the HTTP status that was answered, 0 where there was none.
    """

    def __init__(self, reason: str, *, passing: bool = False, expected: str = "", status: int = 0) -> None:
        self.status = status
        self.passing = passing
        self.expected = expected
        super().__init__(reason)


@record(kw_only=True)
class Answer:
    """What an address gave.

    Attributes:
        data: the body.
        etag: the ``ETag`` header as it stands, empty where there is none.
        modified: ``Last-Modified`` as RFC 3339, empty where there is none.
    """

    data: bytes
    etag: str = ""
    modified: str = ""


class Client:
    """Asks one address after another; what connections have in common, such as the trusted certificates, is read once.

    Args:
        address_rule: judges every IP address before it is connected to, after redirects too; None allows all and
            also the proxies that the environment names, behind which no address can be judged.
    """

    def __init__(self, address_rule: AddressRule | None) -> None:
        self._opener = _opener(address_rule)

    def fetch(self, url: str, *, timeout: float, limit: int, accept: str = "application/json") -> Answer:
        """Return what *url* holds.

        Args:
            url: an absolute http or https address.
            timeout: seconds for each wait, and for the body as a whole.
            limit: most bytes of the body.
            accept: media types that are wanted.

        Raises:
            FetchError: it cannot be reached, answers anything but 200, too much, too slowly or from a forbidden place.
        """
        _check_url(url)
        headers = {"User-Agent": USER_AGENT, "Accept": accept}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310  # scheme checked
        started = time.monotonic()
        try:
            with self._opener.open(request, timeout=timeout) as response:
                return _answer(response, deadline=started + timeout, limit=limit)
        except urllib.error.HTTPError as error:
            error.close()
            raise _status_error(error.code, error.reason) from error
        except FetchError:
            raise
        except urllib.error.URLError as error:
            raise FetchError(_reason(error.reason, timeout), passing=True) from error
        except (OSError, http.client.HTTPException) as error:
            raise FetchError(_reason(error, timeout), passing=True) from error
        except ValueError as error:  # an address that only turns out to be none when it is used
            raise FetchError(f"is not an address that can be asked ({error})") from error


def fetch(
    url: str, *, timeout: float, limit: int, address_rule: AddressRule | None, accept: str = "application/json"
) -> Answer:
    """Return what one address holds: `Client.fetch`."""
    return Client(address_rule).fetch(url, timeout=timeout, limit=limit, accept=accept)


def public_only(address: str) -> str | None:
    """Return why an IP address is not a public one, or None: the rule for sites that do not allow private ones."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    for each in (parsed, *_inner(parsed)):
        if not each.is_global or each.is_multicast:
            return f"{address} is a {_kind(each)} address"
    return None


def _kind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    return "multicast" if address.is_multicast else "private"


def _inner(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address stands for: mapped, 6to4, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    behind = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    return [each for each in (address.ipv4_mapped, address.sixtofour, behind) if each is not None]


def shown_url(url: str) -> str:
    """Return an address for messages: without what may be a secret in its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "…" if parts.query else "", ""))


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise FetchError(f"{shown_url(url)!r} is not an http or https address")
    if "@" in parts.netloc:
        raise FetchError("the address holds credentials", expected="an address without a user name")


def _answer(response: Any, *, deadline: float, limit: int) -> Answer:
    if response.status != http.client.OK:
        raise _status_error(response.status, response.reason)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise FetchError(f"answers in the encoding {encoding[:40]!r}, which was not asked for")
    length = response.headers.get("Content-Length", "")
    announced = int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else None
    if announced is not None and announced > limit:
        raise _too_large(limit)
    data = _body(response, deadline=deadline, limit=limit)
    if announced is not None and len(data) != announced:
        raise FetchError(f"broke off after {len(data)} of {announced} bytes", passing=True)
    return Answer(
        data=data,
        etag=response.headers.get("ETag", "").strip()[:256],
        modified=_modified(response.headers.get("Last-Modified", "")),
    )


def _body(response: Any, *, deadline: float, limit: int) -> bytes:
    blocks, total = [], 0
    while block := response.read1(_BLOCK):
        blocks.append(block)
        total += len(block)
        if total > limit:
            raise _too_large(limit)
        if time.monotonic() > deadline:
            raise FetchError("did not finish its answer in time", passing=True, expected="a longer 'timeout'")
    return b"".join(blocks)


def _too_large(limit: int) -> FetchError:
    return FetchError("answers with too many bytes", expected=f"at most {limit >> 20} MiB")


def _status_error(status: int, reason: str) -> FetchError:
    return FetchError(
        f"answers {status} {reason}".rstrip()[:120],
        passing=status in _PASSING,
        expected="200 with a document",
        status=status,
    )


def _reason(cause: object, timeout: float) -> str:
    if isinstance(cause, TimeoutError):
        return f"did not answer within {timeout:g} s"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
    return f"cannot be reached ({text})"


def _modified(text: str) -> str:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return ""
    return format_time(moment) if moment.tzinfo else ""


def _opener(rule: AddressRule | None) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    handlers: tuple[urllib.request.BaseHandler, ...] = (
        urllib.request.ProxyHandler({} if rule else None),
        _HTTPHandler(rule) if rule else urllib.request.HTTPHandler(),
        _HTTPSHandler(rule) if rule else urllib.request.HTTPSHandler(),
        _RedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    )
    for handler in handlers:
        opener.add_handler(handler)
    return opener


class _RedirectHandler(urllib.request.HTTPRedirectHandler):
    max_redirections = MAX_REDIRECTS
    max_repeats = MAX_REDIRECTS

    def redirect_request(  # noqa: PLR0917  # as the base class has it
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # else the base class reads the whole body of the redirect, however long it is
        if sum(getattr(req, "redirect_dict", {}).values()) >= MAX_REDIRECTS:
            raise FetchError(f"redirects more than {MAX_REDIRECTS} times")
        try:
            _check_url(newurl)
        except FetchError as error:
            raise FetchError(f"redirects to an address that cannot be used: {error}") from error
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _HTTPHandler(urllib.request.HTTPHandler):
    def __init__(self, rule: AddressRule) -> None:
        super().__init__()
        self._rule = rule

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        def connection(host: str, **options: Any) -> http.client.HTTPConnection:
            return _HTTPConnection(host, rule=self._rule, **options)

        return self.do_open(connection, req)


class _HTTPSHandler(urllib.request.HTTPSHandler):
    def __init__(self, rule: AddressRule) -> None:
        super().__init__()
        self._rule = rule
        self._trust: ssl.SSLContext | None = None

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        trust = self._trust = self._trust or _trust()

        def connection(host: str, **options: Any) -> http.client.HTTPSConnection:
            return _HTTPSConnection(host, rule=self._rule, trust=trust, **options)

        return self.do_open(connection, req)


class _HTTPConnection(http.client.HTTPConnection):
    def __init__(self, host: str, *, rule: AddressRule, **options: Any) -> None:
        super().__init__(host, **options)
        self._rule = rule

    def connect(self) -> None:
        self.sock = _connect(self.host, self.port, self.timeout, self._rule)


class _HTTPSConnection(http.client.HTTPSConnection):
    def __init__(self, host: str, *, rule: AddressRule, trust: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, context=trust, **options)
        self._rule = rule
        self._trust = trust

    def connect(self) -> None:
        plain = _connect(self.host, self.port, self.timeout, self._rule)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


def _trust() -> ssl.SSLContext:
    """Return whom to trust; to read the certificates takes longer than most answers."""
    made = ssl.create_default_context()
    made.set_alpn_protocols(["http/1.1"])
    return made


def _connect(host: str, port: int, timeout: float | None, rule: AddressRule) -> socket.socket:
    """Return a connection to the first address of *host* that answers; the rule judges the very address used."""
    failure: OSError = OSError(f"no address is known for {host}")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if why := rule(str(address[0])):
            raise FetchError(
                f"{host} is not asked because {why}", expected="a public address, or site.trust.allowPrivateAddresses"
            )
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure
