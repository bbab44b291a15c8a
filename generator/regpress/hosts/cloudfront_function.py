"""A site to the function that CloudFront runs for each request: a few lines of ``cloudfront-js-2.0``.

Follows static hosting specification 8.3 and 9.6. The function turns an address into the key of an object and drops the
query, so that the cache is by key; it answers itself what no object can answer. CloudFront takes at most 10 KB.
"""

from __future__ import annotations

import json
from typing import Final

from regpress import paths
from regpress.hosts import routing, serving
from regpress.hosts.base import SiteAddress
from regpress.pages import CURSOR_PATTERN

#: The most bytes that CloudFront takes.
MOST_BYTES: Final = 10_240

_CODE: Final = r"""
function decoded(text) {
  try { return decodeURIComponent(text); } catch (error) { return null; }
}

function value(request, name) {
  var given = request.querystring[name];
  return given ? decoded(given.value.replace(/\+/g, ' ')) || '' : '';
}

function answer(status, problem) {
  var headers = {};
  for (var name in FIELDS) { headers[name] = { value: FIELDS[name] }; }
  if (!problem) { return { statusCode: status, statusDescription: 'No Content', headers: headers }; }
  headers['cache-control'] = { value: ERROR };
  headers['content-type'] = { value: 'application/problem+json' };
  return { statusCode: status, statusDescription: problem.title, headers: headers,
           body: { encoding: 'text', data: JSON.stringify(problem) } };
}

// The key of an object as it is asked for: segments encoded, a plus sign too, which would be read as a space.
function key(request, path) {
  request.uri = path.split('/').map(encodeURIComponent).join('/').replace(/%40/g, '@').replace(/%3A/g, ':');
  request.querystring = {};
  return request;
}

function list(request, routes) {
  var cursor = value(request, 'cursor'), search = value(request, 'search');
  function page(name) { return key(request, BASE + '/' + routes.pages + '/' + name + '.json'); }
  if (cursor) { return CURSOR.test(cursor) ? page(cursor) : answer(400, BAD_REQUEST); }
  if (search && routes.whole) { return key(request, BASE + '/' + routes.address + '.json'); }
  if (search) {
    return FULL_NAME.test(search) ? key(request, BASE + '/' + routes.address + '/' + search + '/versions.json')
                                  : answer(400, BAD_REQUEST);
  }
  var version = value(request, 'version');
  return page(routes.named.indexOf(version) < 0 ? routes.first : version);
}

function handler(event) {
  var request = event.request, path = decoded(request.uri);
  if (path === null || /[\0-\x1f\x7f\\]/.test(path)) { return answer(404, NOT_FOUND); }
  var api = API.test(path);
  if (request.method === 'OPTIONS' && api) { return answer(204); }
  if (!api) {
    if (path === BASE || !(/\/$/.test(path) || FILE.test(path))) {
      var query = Object.keys(request.querystring).map(function (name) {
        return name + (request.querystring[name].value ? '=' + request.querystring[name].value : '');
      }).join('&');
      // One slash at the beginning: two would name another host.
      var location = request.uri.replace(/^\/+/, '/') + '/' + (query ? '?' + query : '');
      return { statusCode: 301, statusDescription: 'Moved Permanently', headers: { location: { value: location } } };
    }
    return key(request, path.replace(/\/$/, '/index.html'));
  }
  path = path.replace(/\/+$/, '').replace(/%2f/i, '/');
  for (var i = 0; i < ALIASES.length; i++) {
    var alias = BASE + '/' + ALIASES[i] + '/';
    if (path.indexOf(alias) === 0) { path = BASE + '/' + STORED + '/' + path.slice(alias.length); break; }
  }
  var address = path.slice(BASE.length + 1);
  for (var j = 0; j < LISTS.length; j++) {
    if (LISTS[j].address === address) { return list(request, LISTS[j]); }
  }
  for (var k = 0; k < HIDDEN.length; k++) {
    if (address === HIDDEN[k] || address.indexOf(HIDDEN[k] + '/') === 0) { return answer(404, NOT_FOUND); }
  }
  return key(request, path + '.json');
}
""".lstrip()


def cloudfront_function(site: SiteAddress) -> str:
    """Return the source of the function for a site."""
    lists = [
        {
            "address": routes.address,
            "pages": paths.stored_pages(routes.prefix, routes.kind),
            "whole": routes.whole,
            "first": routes.first,
            "named": list(routes.by_version),
        }
        for routes in routing.list_routes(site)
    ]
    files = "|".join(sorted(serving.TYPES))
    base = _pattern(site.base_path)
    versions = f"(?:{_pattern(paths.API)}|{paths.LEGACY_API})"
    constants = {
        "BASE": json.dumps(site.base_path),
        "STORED": json.dumps(paths.API),
        "ALIASES": json.dumps(routing.aliases(site)),
        "LISTS": json.dumps(lists),
        "HIDDEN": json.dumps([*routing.hidden(site, by_rule=False)]),
        "FIELDS": json.dumps({**serving.CORS, "x-content-type-options": "nosniff", "cache-control": routing.FRESH}),
        "ERROR": json.dumps(routing.ERROR),
        "BAD_REQUEST": serving.bad_request_document().body.decode().strip(),
        "NOT_FOUND": serving.problem_document().body.decode().strip(),
        "API": rf"/^{base}\/(?:registry\/[^/]+\/)?{versions}\/./",
        "FILE": rf"/\.(?:{files})$/i",
        "CURSOR": f"/^(?:{CURSOR_PATTERN})$/",
        "FULL_NAME": r"/^\.*[A-Za-z0-9-][A-Za-z0-9.-]*\/\.*[A-Za-z0-9_-][A-Za-z0-9._-]*$/",
    }
    head = "// Written by regpress: change config.yaml, not this file. A viewer-request function, cloudfront-js-2.0.\n"
    return head + "".join(f"var {name} = {text};\n" for name, text in constants.items()) + "\n" + _CODE


def _pattern(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_~" else f"\\{letter}" for letter in text)
