"""Generated rules against what hosts publish of their engines: functions, matchers and compilers, run in Node.

None of these is the host itself. What they say about a request must be what the emulation says.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from edges.node import evaluate, needs_module, needs_node
from regpress.hosts import netlify, s3_cloudfront, vercel
from regpress.hosts.cloudfront_function import MOST_BYTES
from ruled_site import QUESTIONS, files, is_api, site

BASES = ("", "/my-registry")
GETS = [question for question in QUESTIONS if question.method == "GET"]


def configured(profile, base_path, name):
    """Return the text of a file that a profile writes."""
    made = {artifact.address: artifact.body.decode() for artifact in profile.configuration(site(base_path))}
    return made[name]


def expected(profile, base_path, target, tree, method="GET"):
    return profile.answer(method, base_path + target, site(base_path), tree.__contains__)


def served(key, base_path, tree):
    """Return the file that a path of the host means, below the output, or None."""
    path = unquote(key)
    assert path.startswith(f"{base_path}/"), path
    file = path.removeprefix(f"{base_path}/")
    return file if file in tree else None


def is_file(question, tree):
    """Return whether a request names a file, which such a host serves before any rule."""
    return unquote(question.target.partition("?")[0]).removeprefix("/") in tree


# CloudFront


CALL = """
const handler = new Function(given.source + '\\nreturn handler;')();
done(given.requests.map(([method, target]) => {
  const [path, query] = [target.split('?')[0], target.split('?').slice(1).join('?')];
  const querystring = {};
  for (const pair of query.split('&').filter(pair => pair)) {
    const [name, ...value] = pair.split('=');
    if (!(name in querystring)) querystring[name] = {value: value.join('=')};
  }
  return handler({version: '1.0', context: {}, viewer: {}, request: {method, uri: path, querystring, headers: {}}});
}));
"""


def called(base_path, requests):
    source = configured(s3_cloudfront.PROFILE, base_path, "_config/cloudfront-function.js")
    return evaluate(CALL, {"source": source, "requests": requests}, folder=Path("/"))


@needs_node
@pytest.mark.parametrize("base_path", BASES)
def test_the_function_of_cloudfront_leads_each_request_to_the_object_that_the_preview_serves(base_path):
    tree = files(s3_cloudfront.PROFILE, base_path)
    asked = [question for question in QUESTIONS if question.method in {"GET", "OPTIONS"}]
    asked = [question for question in asked if not question.target.startswith(("/_config", "/.regpress"))]
    results = called(base_path, [(question.method, base_path + question.target) for question in asked])
    for question, result in zip(asked, results, strict=True):
        reply = expected(s3_cloudfront.PROFILE, base_path, question.target, tree, question.method)
        if "statusCode" in result:
            if result["statusCode"] == 301 and reply.status == 404:
                # A function cannot look: what has no extension is taken for a folder.
                assert not is_api(question.target)
                continue
            assert result["statusCode"] == reply.status, question
            if is_api(question.target):
                assert result["headers"]["access-control-allow-origin"] == {"value": "*"}
            if reply.status == 301:
                assert result["headers"]["location"]["value"] == reply.headers["location"]
        else:
            assert result["querystring"] == {}
            assert "+" not in result["uri"]
            found = served(result["uri"], base_path, tree)
            assert found == (reply.file if reply.status == 200 else None), question


@needs_node
def test_the_function_of_cloudfront_never_leads_to_another_host_or_out_of_the_folder():
    hostile = ["//elsewhere.example", "/%2felsewhere.example", "/a%0d%0ab", "/%ff", "/..%2f..%2fsecret", "/x%00"]
    hostile += ["/v0.1/servers?search=../..", "/v0.1/servers?search=%E0%A4%A", "/v0.1/servers?cursor=%2e%2e%2fx"]
    for target, result in zip(hostile, called("", [("GET", target) for target in hostile]), strict=True):
        location = result.get("headers", {}).get("location", {}).get("value", "/")
        assert re.match(r"/(?!/)[\x21-\x7e]*$", location), target
        assert "../" not in unquote(result.get("uri", "")) or result["uri"].startswith("/.."), target


def test_the_function_of_cloudfront_is_small_enough():
    source = configured(s3_cloudfront.PROFILE, "/my-registry", "_config/cloudfront-function.js")
    assert len(source.encode()) <= MOST_BYTES


# Netlify

NETLIFY = """
require('netlify-redirector').parsePlain(given.rules, {}).then(matcher => {
  done(given.targets.map(target => {
    const [path, query] = [target.split('?')[0], target.split('?').slice(1).join('?')];
    const nothing = () => '';
    const found = matcher.match({scheme: 'https', host: 'example.org', path, query,
                                 getHeader: nothing, getCookie: nothing});
    return found ? {to: found.to, status: found.status} : null;
  }));
});
"""


@pytest.mark.hosts
@needs_module("netlify-redirector")
@pytest.mark.parametrize("base_path", BASES)
def test_the_matcher_of_netlify_leads_each_request_to_the_file_that_the_preview_serves(base_path):
    tree = files(netlify.PROFILE, base_path)
    # The matcher takes a list with a slash for one without, and documents with a slash for nothing.
    asked = [question for question in GETS if is_api(question.target) and "/?" not in question.target + "?"]
    rules = configured(netlify.PROFILE, base_path, "_redirects")
    results = evaluate(NETLIFY, {"rules": rules, "targets": [base_path + question.target for question in asked]})
    checked = 0
    for question, result in zip(asked, results, strict=True):
        reply = expected(netlify.PROFILE, base_path, question.target, tree)
        if is_file(question, tree):
            continue
        found = served(result["to"], base_path, tree) if result and result["status"] == 200 else None
        assert found == (reply.file if reply.status == 200 else None), question
        checked += reply.status == 200
    assert checked > 100


# Vercel

VERCEL = """
const {getTransformedRoutes} = require('@vercel/routing-utils');
const compiled = getTransformedRoutes(given.settings);
if (compiled.error) throw new Error(JSON.stringify(compiled.error));
const routes = compiled.routes.slice(compiled.routes.findIndex(route => route.handle === 'filesystem') + 1);
done(given.targets.map(target => {
  const url = new URL('https://example.org' + target);
  const path = url.pathname.replace(/%2f/gi, '/');
  for (const route of routes) {
    const found = new RegExp(route.src).exec(path);
    const parts = {};
    const holds = found && (route.has || []).every(condition => {
      const value = url.searchParams.get(condition.key);
      const matched = value === null ? null : new RegExp('^' + condition.value + '$').exec(value);
      if (matched) Object.assign(parts, matched.groups);
      return matched;
    });
    if (holds) return route.dest.replace(/\\$(\\w+)/g, (_, name) => /^\\d+$/.test(name) ? found[name] : parts[name]);
  }
  return null;
}));
"""


@pytest.mark.hosts
@needs_module("@vercel/routing-utils")
@pytest.mark.parametrize("base_path", BASES)
def test_the_routes_that_vercel_compiles_lead_each_request_to_the_file_that_the_preview_serves(base_path):
    tree = files(vercel.PROFILE, base_path)
    asked = [question for question in GETS if is_api(question.target) and "/?" not in question.target + "?"]
    settings = json.loads(configured(vercel.PROFILE, base_path, "vercel.json"))
    results = evaluate(VERCEL, {"settings": settings, "targets": [base_path + question.target for question in asked]})
    checked = 0
    for question, result in zip(asked, results, strict=True):
        reply = expected(vercel.PROFILE, base_path, question.target, tree)
        if is_file(question, tree):
            continue
        found = served(result, base_path, tree) if result and not result.startswith("/_nowhere") else None
        assert found == (reply.file if reply.status == 200 else None), question
        checked += reply.status == 200
    assert checked > 100
