"""What is asked of those who vouch for callers, and where nothing is asked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from identity_servers import Signer, certificate, issuer, name_server, web_server
from loops import completed
from regpress.errors import SourceUnavailableError
from regpress.identity_fetch import Fetcher, NameServers
from regpress.logins import DomainProof, Domains, ProofError
from regpress.oidc import LEAST_SECONDS, Provider, TokenError

HOST = "tools.example.org"


def test_a_host_is_asked_by_its_name_over_tls_at_the_address_that_was_judged(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path, HOST)
    seen: list[str] = []

    def respond(path: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        seen.append(headers["host"])
        return {"/moved": (302, b"/good"), "/large": (200, b"x" * 5000)}.get(path, (200, b"good"))

    async def ask(path: str, **more: Any) -> bytes:
        names = NameServers([nameserver])
        fetcher = Fetcher(**{"allow_private": True, "authority": str(authority), "names": names, "port": port, **more})
        reply = await fetcher.ask(f"https://{HOST}{path}", limit=4096)
        return b"%d %s" % (reply.status, reply.body)

    with ExitStack() as stack:
        nameserver = stack.enter_context(name_server({(HOST, "A"): ["127.0.0.1"]}))
        port = stack.enter_context(web_server(respond, context=context))
        assert completed(ask("/good")) == b"200 good"
        assert completed(ask("/moved")) == b"302 /good"
        assert set(seen) == {HOST}
        for more, reason in (
            ({"allow_private": False}, "loopback"),
            ({"authority": None}, "certificate"),
        ):
            with pytest.raises(SourceUnavailableError, match=reason):
                completed(ask("/good", **more))
        with pytest.raises(SourceUnavailableError, match="more than 4096 bytes"):
            completed(ask("/large"))


def test_the_owner_of_a_domain_by_its_well_known_file_may_publish_there_but_not_below(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path, HOST)
    signer, other = Signer(), Signer()
    answers: dict[str, tuple[int, bytes]] = {}

    async def login(proof: Mapping[str, str]) -> list[str]:
        names = NameServers([nameserver])
        fetcher = Fetcher(allow_private=True, authority=str(authority), names=names, port=port)
        domains = Domains(names=names, fetcher=fetcher, clock=signer.clock)
        principal = await domains.by_http(DomainProof(*proof.values()))
        return [permission.resource for permission in principal.permissions]

    with ExitStack() as stack:
        nameserver = stack.enter_context(name_server({(HOST, "A"): ["127.0.0.1"]}))
        port = stack.enter_context(web_server(lambda path, _: answers.get(path, (404, b"")), context=context))
        path = "/.well-known/mcp-registry-auth"
        answers[path] = (200, f"text before {signer.record} {other.record}".encode())
        assert completed(login(signer.proof(HOST))) == ["org.example.tools/*"]
        for reason, body, proof in (
            ("verification failed", answers[path][1], other.proof(HOST)),
            ("no MCP public key", b"<html></html>", signer.proof(HOST)),
            ("more than 4096", b"x" * 5000, signer.proof(HOST)),
        ):
            answers[path] = (200, body)
            with pytest.raises(ProofError, match=reason):
                completed(login(proof))
        answers[path] = (301, path.encode())
        with pytest.raises(ProofError, match="answers 301"):
            completed(login(signer.proof(HOST)))
        for domain in ("localhost", "127.0.0.1"):
            with pytest.raises(ProofError, match="invalid domain"):
                completed(login(signer.proof(domain)))


@pytest.mark.parametrize(("before", "after"), [("RS256", "RS256"), ("RS256", "ES256"), ("ES256", "RS256")])
def test_a_provider_is_asked_again_when_a_token_names_a_new_key_but_not_for_each_one_that_does(
    before: str, after: str
) -> None:
    async def scenario() -> None:
        with issuer() as made:
            made.add("one", elliptic=before == "ES256")
            now = 1000.0
            provider = Provider(
                issuer=made.url, audience="mcp-registry", fetcher=Fetcher(allow_private=True), clock=lambda: now
            )
            assert (await provider.claims(made.token("one")))["sub"] == "somebody"
            asked = len(made.asked)
            made.add("two", elliptic=after == "ES256")
            with pytest.raises(TokenError, match="none of the issuer's"):
                await provider.claims(made.token("two"))
            assert len(made.asked) == asked
            now += LEAST_SECONDS + 1
            assert await provider.claims(made.token("two"))
            assert await provider.claims(made.token("one"))
            del made.keys["one"]
            stale = made.token("one", key=made.keys["two"])
            now += 3600
            with pytest.raises(TokenError):
                await provider.claims(stale)
            made.away = True
            now += 3600
            assert await provider.claims(made.token("two"))

    completed(scenario())
