"""Profiles of web servers: files, rules as text, and emulation; the real servers are asked in ``tests/edges``."""

from __future__ import annotations

import json
import re

import pytest

from regpress.hosts import nginx_rules, routing, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.table import profile
from regpress.output.staging import STAGING
from ruled_site import CATALOGS, PAGE_SIZE, QUESTIONS, files, is_api, site

#: Web servers, and the file with the rules of each.
RULES = {"nginx": "nginx.conf", "apache": "apache.conf", "caddy": "caddy.conf"}
PROFILE = profile("nginx")


@pytest.fixture(scope="module", params=[(host, base) for host in RULES for base in ("", "/my-registry")], ids="".join)
def tree(request):
    host, base_path = request.param
    return profile(host), base_path, files(profile(host), base_path)


def ask(tree, target, method="GET"):
    host, base_path, made = tree
    return host.answer(method, base_path + target, site(base_path), made.__contains__)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.method} {question.target}")
def test_a_request_is_answered_as_the_rules_say(tree, question):
    reply = ask(tree, question.target, question.method)
    assert reply.status == question.status
    assert reply.file in tree[2] if reply.file else question.status not in {200, 400, 404}
    if question.file:
        assert tree[2][reply.file] == tree[2][question.file]
    if question.caching:
        assert reply.headers["cache-control"] == question.caching
    if is_api(question.target):
        assert reply.headers["access-control-allow-origin"] == "*"
        kind = {200: "application/json", 400: serving.PROBLEM_TYPE, 404: serving.PROBLEM_TYPE}.get(reply.status)
        assert reply.headers.get("content-type") == kind


def test_a_walk_ends_and_finds_every_entry_once(tree):
    for first, expected in (("all", 123), ("latest", 63)):
        seen, target = [], f"/v0.1/servers?version={first}"
        while target:
            reply = ask(tree, target)
            page = json.loads(tree[2][reply.file])
            seen += [(item["server"]["name"], item["server"]["version"]) for item in page["servers"]]
            assert len(page["servers"]) <= PAGE_SIZE
            cursor = page["metadata"].get("nextCursor")
            target = f"/v0.1/servers?cursor={cursor}" if cursor else ""
        assert seen == sorted(set(seen))
        assert len(seen) == expected


def test_a_redirect_keeps_the_query_and_stays_on_the_host(tree):
    base = tree[1]
    assert ask(tree, "/about").headers["location"] == f"{base}/about/"
    assert (
        ask(tree, "/servers/com.example/weather?tab=a").headers["location"]
        == f"{base}/servers/com.example/weather/?tab=a"
    )


def test_a_tree_without_problem_documents_still_says_no(tree):
    host, base, made = tree
    bare = {file for file in made if file not in {"400.json", "404.json", "404.html"}}
    for target, status in (("/v0.1/servers?cursor=x", 400), ("/v0.1/nothing", 404), ("/nowhere", 404)):
        reply = host.answer("GET", base + target, site(base), bare.__contains__)
        assert (reply.status, reply.file) == (status, None)


@pytest.mark.parametrize("host", RULES)
def test_the_rules_and_the_bodies_of_errors_are_all_the_configuration(host):
    made = {artifact.address: artifact for artifact in profile(host).configuration(site())}
    assert set(made) == {f"_config/{RULES[host]}", "400.json", "404.json"}
    assert {artifact.form for artifact in made.values()} == {"file"}
    for status in (400, 404):
        body = json.loads(made[f"{status}.json"].body)
        assert body["status"] == status
        assert body["title"]
        assert body["detail"]
        assert body["error"]


def test_nothing_of_the_output_is_served_that_is_not_for_readers():
    assert set(routing.HIDDEN) == {"_config", STAGING}


@pytest.mark.parametrize("host", RULES)
def test_every_rule_is_below_the_base_path(host):
    rules = next(iter(profile(host).configuration(site("/my-registry")))).body.decode()
    for prefix in ("v0.1", "v0", "registry/default/v0.1", "registry/team/v0.1"):
        assert prefix in rules.replace("\\", "")
    roots = {word for line in rules.splitlines() for word in re.findall(r"[\^\"( ](/[a-z0-9._\\-]+)/", line)}
    assert {root.replace("\\", "") for root in roots} <= {"/my-registry", "/srv", "/versions"}


def test_the_rules_of_nginx_name_every_registry_and_the_prefix():
    rules = nginx_rules.nginx_rules(site("/my-registry"))
    assert "location ^~ /my-registry/v0.1/ {" in rules
    assert "location ^~ /my-registry/v0/ {" in rules
    assert "location ^~ /my-registry/registry/default/v0.1/ {" in rules
    assert "location ^~ /my-registry/registry/team/v0.1/ {" in rules
    assert "include /srv/registry/my-registry/_config/nginx.conf;" in rules
    located = [line.split()[-2] for line in rules.splitlines() if line.startswith("location")]
    assert all(where.startswith(("/my-registry", '"^/my\\-registry', "@regpress/my-registry")) for where in located)


def test_a_site_without_registries_in_its_address_has_rules_for_the_default_one():
    assert "location = /v0.1/servers {" in nginx_rules.nginx_rules(SiteAddress())


@pytest.mark.parametrize("host", RULES)
def test_rules_are_the_same_for_the_same_site(host):
    assert list(profile(host).configuration(site())) == list(profile(host).configuration(site()))
    assert CATALOGS[0].registry in site().registries


def test_only_what_is_safe_stands_inside_if():
    conditions = [
        line.strip() for line in nginx_rules.nginx_rules(site()).splitlines() if line.strip().startswith("if ")
    ]
    assert len(conditions) > 20
    for line in conditions:
        inside = line[line.rindex("{ ") + 2 :] if "rewrite" not in line else line[line.rindex("{ rewrite") + 2 :]
        assert inside.startswith(("return ", "rewrite "))
        assert inside.startswith("return") or inside.endswith(" last; }")
