"""A fault and the host that shows it to the line of configuration that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from regpress.probe_fetch import Response

#: Beginnings of the ``Server`` field, in lower case.
_SERVERS: Final = {
    "github.com": "github-pages",
    "cloudflare": "cloudflare",
    "netlify": "netlify",
    "vercel": "vercel",
    "amazons3": "s3",
    "cloudfront": "s3",
    "nginx": "nginx",
    "apache": "apache",
    "caddy": "caddy",
    "gitlab": "gitlab",
}

_SPLAT: Final = "in _redirects: /v0.1/* /v0.1/:splat.json 200"
_CORS_FILE: Final = "in _headers, below /v0.1/*: Access-Control-Allow-Origin: *"

#: Fault to host to advice; the empty host is for all others.
_MENDS: Final[Mapping[str, Mapping[str, str]]] = {
    "rewrite": {
        "": "let the host add .json to addresses below /v0.1/",
        "nginx": "in location /v0.1/: try_files $uri.json =404;",
        "apache": r"RewriteRule ^(/v0\.1/.+)$ $1.json [END]",
        "caddy": "try_files {path}.json",
        "cloudflare": _SPLAT,
        "netlify": _SPLAT,
        "gitlab": _SPLAT,
        "vercel": 'in vercel.json: "rewrites": [{"source": "/v0.1/:path+", "destination": "/v0.1/:path+.json"}]',
        "github-pages": "build with --host github-pages: Pages has no rewrite rules",
        "s3": "append .json in a viewer-request function",
    },
    "slash": {
        "": "decode %2F before the file is looked up",
        "apache": "in the virtual host: AllowEncodedSlashes On",
        "nginx": "look up $uri, which is decoded, not $request_uri",
        "caddy": "match on {path}, which is decoded",
        "cloudflare": f"use the splat, not placeholders, {_SPLAT}",
        "s3": "replace %2F by / in the viewer-request function",
    },
    "fallback": {
        "": "switch the page fallback of single-page applications off and answer 404.html with status 404",
        "nginx": "end try_files with =404, not with /index.html",
        "apache": "remove the rule that rewrites every miss to /index.html",
        "caddy": "end try_files without /index.html",
        "cloudflare": "publish 404.html: without one Pages answers every miss with the home page",
        "netlify": "in _redirects, remove: /* /index.html 200",
        "vercel": "in vercel.json, remove the rewrite of every path to /index.html",
        "s3": "map errors to /404.html with status 404, not to /index.html with 200",
    },
    "forbidden": {
        "": "let everybody read, and answer 404 for what does not exist",
        "s3": "grant s3:ListBucket to the distribution, or map 403 to /404.html with status 404",
    },
    "login": {"": "let everybody read without a login: clients send no credentials"},
    "cors": {
        "": "send Access-Control-Allow-Origin: * with every answer below /v0.1/, errors and redirects too",
        "nginx": "add_header Access-Control-Allow-Origin * always;",
        "apache": 'Header always set Access-Control-Allow-Origin "*"',
        "caddy": "header Access-Control-Allow-Origin *",
        "cloudflare": _CORS_FILE,
        "netlify": _CORS_FILE,
        "s3": "attach a response headers policy with CORS to the distribution, or a CORS rule to the bucket",
    },
    "options": {
        "": "answer OPTIONS below /v0.1/ with 204 and the three Access-Control-Allow fields",
        "nginx": "if ($request_method = OPTIONS) { return 204; }",
        "caddy": "@preflight method OPTIONS, then: respond @preflight 204",
        "github-pages": "",
        "cloudflare": "only a function can answer OPTIONS",
    },
    "type": {
        "": "send Content-Type: application/json below /v0.1/",
        "nginx": "in location /v0.1/: types {} default_type application/json;",
        "apache": "in <Location /v0.1/>: ForceType application/json",
        "caddy": "header /v0.1/* Content-Type application/json",
        "cloudflare": "in _headers, below /v0.1/*: Content-Type: application/json; charset=utf-8",
        "netlify": "in _headers, below /v0.1/*: Content-Type: application/json; charset=utf-8",
        "github-pages": "fixed by the host; give ToolHive the address of registry.json instead",
    },
    "cache": {
        "": "send Cache-Control: public, max-age=60, stale-while-revalidate=300 below /v0.1/",
        "nginx": 'add_header Cache-Control "public, max-age=60" always;',
        "apache": 'Header always set Cache-Control "public, max-age=60"',
        "caddy": 'header /v0.1/* Cache-Control "public, max-age=60"',
        "github-pages": "fixed by the host",
    },
    "problem": {
        "": "answer misses below /v0.1/ with 404.json",
        "nginx": "in location /v0.1/: error_page 404 /404.json;",
        "cloudflare": "publish a problem document as /v0.1/404.html",
        "github-pages": "fixed by the host, unless 404.html itself holds JSON; clients look at the status only",
    },
}


def host_of(response: Response) -> str:
    """Return the host or server program that an answer names, or nothing."""
    server = response.headers.get("server", "").lower()
    return next((host for prefix, host in _SERVERS.items() if server.startswith(prefix)), "")


def mend(fault: str, response: Response) -> str:
    """Return what mends *fault* on the host that gave *response*; empty where nothing can."""
    advice = _MENDS[fault]
    return advice.get(host_of(response), advice[""])
