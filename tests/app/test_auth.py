"""Who may write and read through `regpress serve`: tokens, proofs and providers, against real ones on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app_server import AppServer, Reply, encoded, serving_app
from app_site import document, own_site
from identity_servers import Issuer, Signer, issuer, name_server, web_server
from sites import config

SECRET, OTHER = "a-secret-that-nobody-guesses", "another-secret"
#: Two seeds of signing keys.
OLD_KEY, NEW_KEY = "11" * 32, "22" * 32
DOMAIN = "tools.example.org"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class World:
    """A server whose registry everybody may read, and those who vouch for its callers."""

    server: AppServer
    issuer: Issuer
    signer: Signer
    elliptic: Signer
    github: dict[str, Any]

    def login(self, way: str, body: Mapping[str, Any] | None = None) -> Reply:
        return self.server.ask("POST", f"/v0/auth/{way}", body)

    def publish(self, name: str, token: str, version: str = "1.0.0") -> Reply:
        return self.server.publish(document(name, version), Authorization=f"Bearer {token}")

    def permissions(self, answer: Reply) -> list[tuple[str, str]]:
        assert answer.status == 200, answer.body
        assert isinstance(answer.json["expires_at"], int)
        claims = jwt.decode(answer.json["registry_token"], options={"verify_signature": False})
        assert claims["exp"] == answer.json["expires_at"] == claims["iat"] + 300
        return [(one["action"], one["resource"]) for one in claims["permissions"]]


def with_auth(**auth: Any) -> dict[str, Any]:
    """Return the parts of a configuration for a registry that everybody may read."""
    registries = [{"name": "default", "sources": ["content", "list"], "visibility": "public"}]
    return {"auth": auth, "registries": registries}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("auth")
    signer, elliptic, github = Signer(), Signer(elliptic=True), {}

    def answered(path: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        if headers.get("authorization") != "Bearer gho_good":
            return 401, {"message": "Bad credentials"}
        found: tuple[int, Any] = github[path.partition("?")[0]]
        return found

    keys = folder / "keys"
    keys.mkdir()
    (keys / "new").write_text(NEW_KEY + "\n")
    (keys / "old").write_text(OLD_KEY)
    with ExitStack() as stack:
        provider = stack.enter_context(issuer())
        records = {
            (DOMAIN, "TXT"): ["v=spf1 -all", signer.record],
            ("two.example.org", "TXT"): ["v=MCPv1; k=ed25519; p=AAAA", elliptic.record],
            ("rsa.example.org", "TXT"): ["v=MCPv1; k=rsa; p=AAAA"],
            ("bare.example.org", "TXT"): ["nothing here"],
            (DOMAIN, "A"): ["127.0.0.1"],
        }
        nameserver = stack.enter_context(name_server(records))
        port = stack.enter_context(web_server(answered))
        registry = {
            "keyFiles": [str(keys / "new"), str(keys / "old")],
            "nameservers": [nameserver],
            "github": {"clientId": "Iv1.x", "apiUrl": f"http://127.0.0.1:{port}"},
            "githubActions": {"issuerUrl": provider.url},
            "oidc": {
                "issuerUrl": provider.url,
                "clientId": "mcp-registry",
                "extraClaims": [{"team": "registry"}],
                "publish": ["*"],
                "edit": ["com.example/*"],
            },
            "anonymous": True,
        }
        token = {
            "tokens": [
                {"name": "bot", "digest": digest(SECRET), "publish": ["com.example/*"]},
                {"name": "admin", "digest": digest(OTHER), "publish": ["*"], "edit": ["*"]},
            ]
        }
        site = own_site(folder / "site", **with_auth(mode=["registry", "token"], registry=registry, token=token))
        server = stack.enter_context(serving_app(site, "--login-rate", "0"))
        yield World(server, provider, signer, elliptic, github)


# Tokens of the configuration


def test_a_static_token_writes_its_names_and_no_others(world: World) -> None:
    assert world.publish("com.example/bot", SECRET).status == 200
    refused = world.publish("org.other/bot", SECRET)
    assert refused.status == 403
    assert refused.json["detail"].startswith("You do not have permission to publish this server")
    assert "com.example/*" in refused.json["detail"]
    path = "/v0/servers/com.example%2Fbot/versions/1.0.0"
    bearer = {"Authorization": f"bearer {SECRET}"}
    edited = world.server.ask("PUT", path, document("com.example/bot"), headers=bearer)
    assert (edited.status, edited.json["detail"]) == (403, "You do not have edit permissions for this server")
    assert world.server.ask("PATCH", f"{path}/status", {"status": "deprecated"}, headers=bearer).status == 200
    world.server.publish(document("org.other/own"), Authorization=f"Bearer {OTHER}")
    changed = world.server.ask("DELETE", path.replace("com.example%2Fbot", "org.other%2Fown"), headers=bearer)
    told = "You do not have publish or edit permissions for this server"
    assert (changed.status, changed.json["detail"]) == (403, told)


@pytest.mark.parametrize(
    ("field", "detail"),
    [
        ("Basic eDp5", "Invalid Authorization header format. Expected 'Bearer <token>'"),
        ("Bearer", "Invalid Authorization header format. Expected 'Bearer <token>'"),
        ("Bearer wrong", "Invalid or expired Registry JWT token"),
        ("Bearer a.b.c", "Invalid or expired Registry JWT token"),
        ("Bearer \xff", "Invalid or expired Registry JWT token"),
    ],
)
def test_a_token_that_nobody_knows_is_refused(field: str, detail: str, world: World) -> None:
    answer = world.server.publish(document("com.example/x"), Authorization=field)
    assert (answer.status, answer.json["detail"]) == (401, detail)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="mcp-registry", error="')


def test_the_form_of_a_document_is_looked_at_before_the_token_and_its_rules_after(world: World) -> None:
    broken = {**document("com.example/x"), "colour": 1}
    assert world.server.publish(broken, Authorization="Bearer wrong").status == 422
    invalid = document("com.example/x", "^1")
    assert world.server.publish(invalid, Authorization="Bearer wrong").status == 401
    assert world.server.publish(document("org.other/x", "^1"), Authorization=f"Bearer {SECRET}").status == 403
    assert world.server.publish(invalid, Authorization=f"Bearer {SECRET}").status == 422


# Registry tokens


def forged(key: str, *, algorithm: str = "EdDSA", **claims: Any) -> str:
    now = int(time.time())
    made = {
        "exp": now + 60, "auth_method": "none", "permissions": [{"action": "publish", "resource": "*"}], **claims,
    }  # fmt: skip
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key))
    return jwt.encode({k: v for k, v in made.items() if v is not None}, private, algorithm=algorithm)


def test_a_token_of_every_key_counts_so_that_keys_can_change(world: World) -> None:
    assert world.publish("com.example/old-key", forged(OLD_KEY)).status == 200
    assert world.publish("com.example/new-key", forged(NEW_KEY)).status == 200


def test_a_token_that_is_forged_expired_or_early_does_not_count(world: World) -> None:
    public = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(OLD_KEY)).public_key().public_bytes_raw()
    none = jwt.encode({"exp": int(time.time()) + 60}, key="", algorithm="none")
    # The public key as the secret of a symmetric signature.
    confused = jwt.encode({"exp": int(time.time()) + 60}, public, algorithm="HS256")
    now = int(time.time())
    bad = {
        "foreign key": forged("33" * 32),
        "expired": forged(OLD_KEY, exp=now - 1),
        "endless": forged(OLD_KEY, exp=None),
        "early": forged(OLD_KEY, nbf=now + 60),
        "no algorithm": none,
        "another algorithm": confused,
        "cut": forged(OLD_KEY)[:-4],
    }
    for why, token in bad.items():
        assert world.publish("com.example/forged", token).status == 401, why


def test_publishing_never_implies_editing(world: World) -> None:
    name = "com.example/edit-rights"
    assert world.publish(name, forged(OLD_KEY)).status == 200
    path = f"/v0/servers/{encoded(name)}/versions/1.0.0"
    for token, status in ((forged(OLD_KEY), 403), (OTHER, 200)):
        bearer = {"Authorization": f"Bearer {token}"}
        assert world.server.ask("PUT", path, document(name, title="New"), headers=bearer).status == status


# Logins


def test_the_owner_of_a_domain_by_dns_may_publish_there_and_below(world: World) -> None:
    answer = world.login("dns", world.signer.proof(DOMAIN))
    assert world.permissions(answer) == [("publish", "org.example.tools/*"), ("publish", "org.example.tools.*")]
    token = answer.json["registry_token"]
    assert world.publish("org.example.tools/one", token).status == 200
    assert world.publish("org.example.tools.team/one", token).status == 200
    assert world.publish("org.example.tools-evil/one", token).status == 403
    assert world.permissions(world.login("dns", world.elliptic.proof("two.example.org")))


def test_a_proof_that_does_not_hold_is_refused_with_the_reason(world: World) -> None:
    signer = world.signer
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    cases = [
        (signer.proof(DOMAIN, seconds=-20), "timestamp outside valid window"),
        (signer.proof(DOMAIN, seconds=20), "timestamp outside valid window"),
        (signer.proof(DOMAIN, timestamp="yesterday"), "invalid timestamp format"),
        (signer.proof(DOMAIN, said=now), "signature verification failed"),
        (Signer().proof(DOMAIN), "signature verification failed"),
        ({**signer.proof(DOMAIN), "signed_timestamp": "xyz"}, "invalid signature format"),
        (signer.proof("bare.example.org"), "no MCP public key"),
        (signer.proof("rsa.example.org"), "unsupported algorithm: rsa"),
        (signer.proof("none.example.org"), "no TXT records"),
        (signer.proof("a..b"), "invalid domain format"),
        (signer.proof("-a.example"), "invalid domain format"),
        (signer.proof("127.0.0.1"), "invalid domain format"),
    ]
    for body, reason in cases:
        answer = world.login("dns", body)
        assert (answer.status, answer.json["detail"]) == (401, "DNS authentication failed"), reason
        assert reason in answer.reason


def test_a_signed_timestamp_counts_once(world: World) -> None:
    proof = world.signer.proof(DOMAIN)
    assert world.login("dns", proof).status == 200
    assert "used before" in world.login("dns", proof).reason


def test_a_private_address_is_not_asked_for_a_well_known_file(world: World) -> None:
    answer = world.login("http", world.signer.proof(DOMAIN))
    assert (answer.status, answer.json["detail"]) == (401, "HTTP authentication failed")
    assert "127.0.0.1 is a loopback address" in answer.reason


def test_github_vouches_for_its_users_and_the_organisations_that_they_administer(world: World) -> None:
    def member(name: str, role: str = "admin", state: str = "active") -> dict[str, Any]:
        return {"state": state, "role": role, "organization": {"login": name}}

    orgs = [member("Org-A"), member("org-b", role="member"), member("org-c", state="pending")]
    world.github.update({"/user": (200, {"login": "Octo"}), "/user/memberships/orgs": (200, orgs)})
    answer = world.login("github-at", {"github_token": "gho_good"})
    assert world.permissions(answer) == [("publish", "io.github.Octo/*"), ("publish", "io.github.Org-A/*")]
    assert world.publish("io.github.octo/x", answer.json["registry_token"]).status == 403
    world.github["/user/memberships/orgs"] = (403, {"message": "Resource not accessible"})
    assert world.permissions(world.login("github-at", {"github_token": "gho_good"})) == [
        ("publish", "io.github.Octo/*")
    ]
    world.github["/user/memberships/orgs"] = (200, [member("odd/name")])
    assert world.permissions(world.login("github-at", {"github_token": "gho_good"})) == []
    for token in ("gho_bad", "gho\r\nX: y", ""):
        assert world.login("github-at", {"github_token": token}).status in {401, 422}
    assert world.server.get("/v0/health").json == {"status": "ok", "github_client_id": "Iv1.x"}


def test_a_workflow_of_github_actions_may_publish_for_the_owner_of_its_repository(world: World) -> None:
    good = world.issuer.token("one", repository_owner="octo")
    assert world.permissions(world.login("github-oidc", {"oidc_token": good})) == [("publish", "io.github.octo/*")]
    world.issuer.add("curve", elliptic=True)
    now = int(time.time())
    for claims in (
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": now - 60},
        {"exp": None},
        {"repository_owner": None},
        {"repository_owner": "../x"},
        {"nbf": now + 600},
    ):
        token = world.issuer.token("one", **{"repository_owner": "octo", **claims})
        answer = world.login("github-oidc", {"oidc_token": token})
        assert (answer.status, answer.json["detail"]) == (401, "Token exchange failed"), claims
    assert world.login("github-oidc", {"oidc_token": world.issuer.token("curve", repository_owner="o")}).status == 401


def test_another_provider_gives_all_its_users_the_same_rights_if_their_claims_fit(world: World) -> None:
    good = world.issuer.token("one", team="registry")
    granted = [("publish", "*"), ("edit", "com.example/*")]
    assert world.permissions(world.login("oidc", {"oidc_token": good})) == granted
    answer = world.login("oidc", {"oidc_token": world.issuer.token("one", team="sales")})
    assert answer.status == 401
    assert "team" in answer.reason


def test_anonymous_tokens_are_for_one_namespace(world: World) -> None:
    answer = world.server.ask("POST", "/v0.1/auth/none")
    pattern = "io.modelcontextprotocol.anonymous/*"
    assert world.permissions(answer) == [("publish", pattern), ("edit", pattern)]
    assert world.publish("io.modelcontextprotocol.anonymous/one", answer.json["registry_token"]).status == 200
    assert world.publish("com.example/anonymous", answer.json["registry_token"]).status == 403


def test_a_login_that_is_not_offered_or_malformed_is_told_so(world: World) -> None:
    assert world.login("kerberos", {}).status == 404
    assert world.login("dns", {"domain": DOMAIN}).status == 422
    secret = world.login("github-at", {"github_token": ["gho_half"]})
    assert secret.status == 422
    assert b"gho_half" not in secret.body


def test_the_publisher_tool_finds_what_it_asks_for_request_by_request(world: World) -> None:
    token = world.login("none").json["registry_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    name, path = "io.modelcontextprotocol.anonymous/tool", "/v0/servers/io.modelcontextprotocol.anonymous%2Ftool"
    sent = {**document(name), "$schema": ""}
    refused = world.server.ask("POST", "/v0/publish", sent, headers=bearer)
    assert refused.status == 422
    assert world.server.ask("POST", "/v0/validate", sent).status == 422
    done = world.server.ask("POST", "/v0/publish", document(name), headers=bearer)
    assert (done.json["server"]["name"], done.json["server"]["version"]) == (name, "1.0.0")
    current = world.server.ask("GET", f"{path}/versions/1.0.0?include_deleted=true", headers=bearer)
    assert current.json["_meta"]["io.modelcontextprotocol.registry/official"]["status"] == "active"
    one = world.server.ask("PATCH", f"{path}/versions/1.0.0/status", {"status": "deprecated"}, headers=bearer)
    assert one.status == 200
    assert world.server.ask("GET", f"{path}/versions?include_deleted=true", headers=bearer).status == 200
    both = world.server.ask("PATCH", f"{path}/status", {"status": "active"}, headers=bearer)
    assert both.json["updatedCount"] == 1


# Bearer tokens of providers


def symmetric(provider: Issuer, secret: bytes) -> str:
    """Return a token that is signed with what everybody knows, for a verifier that takes it for a secret."""
    claims = {"iss": provider.url, "aud": "mcp-registry", "sub": "x", "exp": int(time.time()) + 60}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "one"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(secret, signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_tokens_of_providers_open_a_private_registry_also_while_keys_change(tmp_path: Path) -> None:
    with issuer() as provider:
        settings = {
            "realm": 'a "registry"',
            "resourceUrl": "https://registry.example.org",
            "providers": [{"name": "id", "issuerUrl": provider.url, "audience": "mcp-registry"}],
        }
        with serving_app(own_site(tmp_path, auth={"mode": "oauth", "oauth": settings})) as server:
            refused = server.get("/v0.1/servers")
            assert refused.status == 401
            told = refused.headers["www-authenticate"]
            assert told.startswith('Bearer realm="a \\"registry\\"", error="invalid_request"')
            metadata = "https://registry.example.org/.well-known/oauth-protected-resource"
            assert told.endswith(f'resource_metadata="{metadata}"')
            assert server.get("/.well-known/oauth-protected-resource").json == {
                "resource": "https://registry.example.org",
                "authorization_servers": [provider.url],
                "bearer_methods_supported": ["header"],
            }

            def allowed(token: str) -> bool:
                answer = server.get("/v0.1/servers", Authorization=f"Bearer {token}")
                assert answer.status in {200, 401}
                assert answer.status == 401 or answer.headers["cache-control"].startswith("private")
                return answer.status == 200

            assert allowed(provider.token("one"))
            assert not allowed(provider.token("one", aud="another"))
            assert not allowed(provider.token("one", exp=int(time.time()) - 60))
            asked = len(provider.asked)
            assert allowed(provider.token("one", sub="other"))
            assert len(provider.asked) == asked
            form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            assert not allowed(symmetric(provider, provider.keys["one"].public_key().public_bytes(*form)))
            provider.away = True
            assert allowed(provider.token("one"))
            published = server.publish(document("com.example/oauth"), Authorization=f"Bearer {provider.token('one')}")
            assert published.status == 200
            for path in ("/registry.json", "/build.json", "/v0.1/x/dev.regpress/facets"):
                assert server.get(path).status in {401, 404}, path


def test_opaque_tokens_count_as_their_provider_says(tmp_path: Path) -> None:
    now = int(time.time())
    good = {"active": True, "aud": ["other", "mcp-registry"], "sub": "ada", "exp": now + 600}
    with issuer() as provider:
        (tmp_path / "secret").write_text("s/cret\n")
        settings = {
            "name": "id",
            "issuerUrl": provider.url,
            "audience": "mcp-registry",
            "introspectionUrl": f"{provider.url}/introspect",
            "clientId": "registry",
            "clientSecretFile": str(tmp_path / "secret"),
        }
        provider.opaque = {
            "good": good,
            "by-client": {**good, "sub": "", "client_id": "robot", "aud": "mcp-registry"},
            "inactive": {**good, "active": False},
            "text": {**good, "active": "true"},
            "audience": {**good, "aud": "other"},
            "no-audience": {**good, "aud": None},
            "issuer": {**good, "iss": "https://other.example"},
            "over": {**good, "exp": now - 60},
            "later": {**good, "nbf": now + 600},
            "odd": {**good, "exp": "never"},
            "nobody": {**good, "sub": ""},
        }
        site = own_site(tmp_path / "site", auth={"mode": "oauth", "oauth": {"providers": [settings]}})
        with serving_app(site) as server:

            def allowed(token: str) -> bool:
                answer = server.get("/v0.1/servers", Authorization=f"Bearer {token}")
                assert answer.status in {200, 401}
                return answer.status == 200

            assert {token for token in [*provider.opaque, "unknown"] if allowed(token)} == {"good", "by-client"}
            asked = len(provider.asked)
            assert allowed("good")
            assert not allowed("unknown")
            assert len(provider.asked) == asked
            assert allowed(provider.token("one"))
            assert "/introspect" not in provider.asked[asked:]
            published = server.publish(document("com.example/opaque"), Authorization="Bearer by-client")
            assert published.status == 200
            provider.away = True
            assert not allowed("another")
    event = json.loads((site / "audit.jsonl").read_text().splitlines()[-1])
    assert event["subjects"]["sub"] == "robot"
    assert "by-client" not in (site / "audit.jsonl").read_text()


# Limits


def test_a_caller_that_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    site = own_site(tmp_path, **with_auth(mode="registry", registry={"anonymous": True}))
    proxies = ("--trusted-proxy", "127.0.0.0/8")
    with serving_app(site, "--login-rate", "15", "--write-rate", "60", *proxies) as server:

        def login(client: str) -> Reply:
            return server.ask("POST", "/v0/auth/none", headers={"X-Forwarded-For": client})

        answers = [login("203.0.113.1") for _ in range(8)]
        assert [answer.status for answer in answers[:5]] == [200] * 5
        assert answers[-1].status == 429
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 5
        # What a caller writes before the proxy's own word does not make it another one.
        assert login("198.51.100.7, 203.0.113.1").status == 429
        assert login("203.0.113.2").status == 200
        token = answers[0].json["registry_token"]
        fields = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.1"}
        values = [document(f"io.modelcontextprotocol.anonymous/n{number}") for number in range(14)]
        statuses = [server.publish(value, **fields).status for value in values]
        assert statuses[:10] == [200] * 10
        assert 429 in statuses


def test_a_key_is_made_at_the_first_start_and_kept_for_the_next(tmp_path: Path) -> None:
    site = own_site(tmp_path, **with_auth(mode="registry", registry={"anonymous": True}))
    with serving_app(site) as server:
        token = server.ask("POST", "/v0/auth/none").json["registry_token"]
    key = site / ".regpress/registry-key"
    assert key.stat().st_mode & 0o077 == 0
    with serving_app(site) as server:
        value = document("io.modelcontextprotocol.anonymous/kept")
        assert server.publish(value, Authorization=f"Bearer {token}").status == 200


def test_a_key_file_that_holds_no_key_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    registry = {"keyFiles": [str(tmp_path / "key")]}
    site = own_site(tmp_path / "site", **with_auth(mode="registry", registry=registry))
    with pytest.raises(AssertionError, match="64 hexadecimal digits"), serving_app(site):
        pass


def test_anonymous_writes_need_a_loopback_address_and_no_other_mode(tmp_path: Path) -> None:
    site = own_site(tmp_path)
    with (
        pytest.raises(AssertionError, match="not a loopback address"),
        serving_app(site, "--bind", "0.0.0.0", anonymous=True),
    ):
        pass
    sources = ({"name": "content", "managed": {}},)
    other = config(*sources) | with_auth(mode="registry")
    other["registries"][0]["sources"] = ["content"]
    (site / "config.yaml").write_text(json.dumps(other))
    with pytest.raises(AssertionError, match=r"auth\.mode asks for tokens"), serving_app(site, anonymous=True):
        pass
