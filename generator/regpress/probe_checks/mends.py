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
    "uploadserver": "gcs",
    "windows-azure-blob": "azure-blob",
}
#: Fields that only one host sends, for those that do not say who they are, or stand behind another.
_FIELDS: Final = {
    "x-github-request-id": "github-pages",
    "x-nf-request-id": "netlify",
    "x-vercel-id": "vercel",
    "x-azure-ref": "azure-swa",
    "x-amz-cf-id": "s3",
    "x-amz-request-id": "s3",
    "x-goog-hash": "gcs",
    "x-ms-blob-type": "azure-blob",
}
#: Host to the profiles whose output belongs there.
_PROFILES: Final = {
    "github-pages": ("github-pages", "github-pages-page", "github-pages-folder", "github-pages-index"),
    "netlify": ("netlify", "generic"),
    "vercel": ("vercel", "generic"),
    "azure-swa": ("azure-swa",),
    "s3": ("s3-cloudfront", "object-store", "generic"),
    "gcs": ("object-store", "generic"),
    "azure-blob": ("object-store", "generic"),
}

_SPLAT: Final = "in _redirects: /v0.1/* /v0.1/:splat.json 200"
_CORS_FILE: Final = "in _headers, below /v0.1/*: Access-Control-Allow-Origin: *"

#: Fault to host to advice; the empty host is for all others.
_MENDS: Final[Mapping[str, Mapping[str, str]]] = {
    "redirect": {
        "": "answer without a redirect: some clients treat one as an error",
        "github-pages": "set site.host: github-pages-folder, which leaves out the files that are not answered; for "
        "clients that follow no redirect, host the registry elsewhere",
        "azure-swa": "the host adds a slash to folders; link a function, or host the registry elsewhere",
        "nginx": "include _config/nginx.conf of a build with --host nginx: it redirects nothing below /v0.1/",
        "apache": "DirectorySlash Off",
        "caddy": "import _config/caddy.conf of a build with --host caddy: it redirects nothing below /v0.1/",
        "vercel": 'in vercel.json, leave "cleanUrls" and "trailingSlash" out',
    },
    "plus": {
        "": "decode %2B, and leave a bare + in a path as it is",
        "s3": "replace + by %2B in the viewer-request function, or store the object under both spellings, as regpress "
        "objects lists it",
        "gcs": "store the object under both spellings, as regpress objects lists it",
        "azure-swa": "the host does not find a + in a path: link a function, or host such versions elsewhere",
    },
    "cursor": {
        "": "the host ignores the query: build with a profile of this host, which writes no cursors it cannot follow",
        "github-pages": "Pages ignores the query: build with --host github-pages, which writes no cursors",
        "gitlab": "GitLab Pages ignores the query: build with --host gitlab-pages, which writes no cursors",
        "nginx": "include _config/nginx.conf of the build: without it nginx ignores the query",
        "apache": "Include _config/apache.conf of the build: without it Apache ignores the query",
        "caddy": "import _config/caddy.conf of the build: without it Caddy ignores the query",
        "netlify": "publish _redirects of a build with --host netlify in the root of the site",
        "vercel": "deploy vercel.json of a build with --host vercel in the root of the site",
        "s3": "publish _config/cloudfront-function.js of the build for viewer requests",
    },
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
        "azure-swa": "build with --host azure-swa: no rule there can add .json",
        "gcs": "upload under the keys of regpress objects: nothing there can add .json",
        "azure-blob": "upload under the keys of regpress objects: nothing there can add .json",
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
        "azure-swa": "in staticwebapp.config.json, remove navigationFallback",
        "s3": "map errors to /404.html with status 404, not to /index.html with 200",
    },
    "forbidden": {
        "": "let everybody read, and answer 404 for what does not exist",
        "s3": "grant s3:ListBucket to the distribution, or map 403 to /404.html with status 404",
        "gcs": "grant allUsers the role Storage Object Viewer, which may list: else what is missing is forbidden",
        "github-pages": "let everybody read the site: pages of a private repository are for its members",
    },
    "login": {"": "let everybody read without a login: clients send no credentials"},
    "cors": {
        "": "send Access-Control-Allow-Origin: * with every answer below /v0.1/, errors and redirects too",
        "nginx": "add_header Access-Control-Allow-Origin * always;",
        "apache": 'Header always set Access-Control-Allow-Origin "*"',
        "caddy": "header Access-Control-Allow-Origin *",
        "cloudflare": _CORS_FILE,
        "netlify": _CORS_FILE,
        "vercel": 'in vercel.json: "headers": [{"source": "/v0.1/(.*)", "headers": [{"key": '
        '"Access-Control-Allow-Origin", "value": "*"}]}]',
        "azure-swa": 'in staticwebapp.config.json: "globalHeaders": {"Access-Control-Allow-Origin": "*"}',
        "gcs": "gcloud storage buckets update gs://BUCKET --cors-file=FILE, with the origin * and the method GET",
        "azure-blob": "the website endpoint sends none: put Front Door or another host before it",
        "s3": "attach a response headers policy with CORS to the distribution, or a CORS rule to the bucket",
    },
    "options": {
        "": "answer OPTIONS below /v0.1/ with 204 and the three Access-Control-Allow fields",
        "nginx": "if ($request_method = OPTIONS) { return 204; }",
        "caddy": "@preflight method OPTIONS, then: respond @preflight 204",
        "github-pages": "",
        "apache": 'RewriteCond %{REQUEST_METHOD} "=OPTIONS", then: RewriteRule "^/v0\\.1/" - [R=204,L]',
        "cloudflare": "only a function can answer OPTIONS",
        "s3": "allow OPTIONS in the distribution; the function of --host s3-cloudfront answers it",
    },
    "type": {
        "": "send Content-Type: application/json below /v0.1/",
        "nginx": "in location /v0.1/: types {} default_type application/json;",
        "apache": "in <Location /v0.1/>: ForceType application/json",
        "caddy": "header /v0.1/* Content-Type application/json",
        "cloudflare": "in _headers, below /v0.1/*: Content-Type: application/json; charset=utf-8",
        "netlify": "in _headers, below /v0.1/*: Content-Type: application/json; charset=utf-8",
        "azure-swa": 'in staticwebapp.config.json, for /v0.1/*: "headers": {"Content-Type": "application/json"}',
        "s3": "upload with --content-type application/json, as regpress objects lists it",
        "gcs": "upload with the content type that regpress objects lists",
        "github-pages": "fixed by the host; give ToolHive the address of registry.json instead; site.host: "
        "github-pages-page leaves out the files that are not answered",
    },
    "cache": {
        "": "send Cache-Control: public, max-age=60, stale-while-revalidate=300 below /v0.1/",
        "nginx": 'add_header Cache-Control "public, max-age=60" always;',
        "apache": 'Header always set Cache-Control "public, max-age=60"',
        "caddy": 'header /v0.1/* Cache-Control "public, max-age=60"',
        "github-pages": "fixed by the host",
        "netlify": "in _headers, below /v0.1/*: Cache-Control: public, max-age=60",
        "s3": "upload with --cache-control 'public, max-age=60', or as regpress objects lists it",
        "gcs": "upload with the cache control that regpress objects lists: without one it is an hour",
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
    for field, host in _FIELDS.items():
        if field in response.headers:
            return host
    server = response.headers.get("server", "").lower()
    return next((host for prefix, host in _SERVERS.items() if server.startswith(prefix)), "")


def profiles_of(response: Response) -> tuple[str, ...]:
    """Return the profiles whose output belongs on the host that gave *response*; empty where it may be any."""
    return _PROFILES.get(host_of(response), ())


def mend(fault: str, response: Response) -> str:
    """Return what mends *fault* on the host that gave *response*; empty where nothing can."""
    advice = _MENDS[fault]
    return advice.get(host_of(response), advice[""])
