"""Those who vouch for callers, on loopback: an OpenID Connect provider, GitHub, name servers, a web server with TLS."""

from __future__ import annotations

import base64
import datetime
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

#: Path and header fields to status and body.
Respond = Callable[[str, Mapping[str, str]], tuple[int, Any]]


@contextmanager
def web_server(respond: Respond, *, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve on loopback and give the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = respond(self.path, {name.lower(): text for name, text in self.headers.items()})
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response_only(status)
            if status == 401 and isinstance(body, bytes):
                self.send_header("WWW-Authenticate", body.decode())
            if 300 <= status < 400:
                self.send_header("Location", data.decode())
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def do_POST(self) -> None:
            self.form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.headers["X-Form"] = json.dumps(self.form)
            self.do_GET()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Issuer:
    """An OpenID Connect provider.

    Attributes:
        keys: by the names that tokens carry.
        asked: paths of the requests that it had.
        away: whether it answers nothing but 503.
        opaque: what it says about tokens that are no JWTs, asked by the client ``registry`` with its secret.
    """

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False
    opaque: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, *, elliptic: bool = False) -> None:
        """Make a new key, RSA or an elliptic curve's."""
        self.keys[name] = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)

    def token(self, name: str, *, algorithm: str = "", key: Any = None, **claims: Any) -> str:
        """Return a token that is valid but for what *claims* changes; a claim of None is left out."""
        private = self.keys[name] if key is None else key
        chosen = algorithm or ("ES256" if isinstance(private, ec.EllipticCurvePrivateKey) else "RS256")
        now = int(time.time())
        made = {"iss": self.url, "aud": "mcp-registry", "sub": "somebody", "iat": now, "exp": now + 60, **claims}
        given = {claim: value for claim, value in made.items() if value is not None}
        return jwt.encode(given, private, algorithm=chosen, headers={"kid": name})

    def respond(self, path: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        self.asked.append(path)
        if self.away:
            return 503, {}
        if path == "/introspect":
            pair = base64.b64encode(b"registry:s%2Fcret").decode()
            if headers.get("authorization") != f"Basic {pair}":
                return 401, {}
            return 200, self.opaque.get(json.loads(headers["x-form"])["token"], {"active": False})
        if path == "/.well-known/openid-configuration":
            return 200, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return 200, {"keys": [self._public(name, key) for name, key in self.keys.items()]}

    @staticmethod
    def _public(name: str, key: Any) -> dict[str, Any]:
        kind = (
            jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
        )
        return {**json.loads(kind.to_jwk(key.public_key())), "kid": name, "use": "sig"}


@contextmanager
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    made.add("one")
    with web_server(made.respond) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


@contextmanager
def name_server(records: Mapping[tuple[str, str], list[str]]) -> Iterator[str]:
    """Serve records, by name and type, and give the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(0.05)
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                with suppress(TimeoutError):
                    data, peer = bound.recvfrom(4096)
                    bound.sendto(_answered(data, records), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{bound.getsockname()[1]}"
        finally:
            stopped.set()
            thread.join()


def _answered(data: bytes, records: Mapping[tuple[str, str], list[str]]) -> bytes:
    query = dns.message.from_wire(data)
    question = query.question[0]
    name, kind = question.name.to_text().rstrip("."), dns.rdatatype.to_text(question.rdtype)
    answer = dns.message.make_response(query)
    found = records.get((name, kind))
    if found:
        texts = [f'"{text}"' for text in found] if kind == "TXT" else found
        answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
    elif not any(known == name for known, _ in records):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer.to_wire()


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return what a server of *name* needs for TLS, and the file of the authority that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


class Signer:
    """The owner of a domain's key."""

    def __init__(self, *, elliptic: bool = False) -> None:
        self._key: Any = ec.generate_private_key(ec.SECP384R1()) if elliptic else Ed25519PrivateKey.generate()

    clock = staticmethod(time.time)

    @property
    def record(self) -> str:
        public = self._key.public_key()
        if isinstance(self._key, Ed25519PrivateKey):
            kind, data = "ed25519", public.public_bytes_raw()
        else:
            form = serialization.PublicFormat.CompressedPoint
            kind, data = "ecdsap384", public.public_bytes(serialization.Encoding.X962, form)
        return f"v=MCPv1; k={kind}; p={base64.b64encode(data).decode()}"

    def proof(self, domain: str, *, seconds: float = 0, timestamp: str = "", said: str = "") -> dict[str, str]:
        moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        text = timestamp or moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        if isinstance(self._key, Ed25519PrivateKey):
            signature = self._key.sign(text.encode())
        else:
            numbers = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA384())))
            signature = b"".join(number.to_bytes(48) for number in numbers)
        return {"domain": domain, "timestamp": said or text, "signed_timestamp": signature.hex()}
