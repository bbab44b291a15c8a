// Answers the registry API from the files of a build: requests with a query, with names in any encoding, with bad input.
//
// It runs where the files lie (`assets` is Cloudflare's binding), keeps no state but copies of files that it asks
// about each time, and puts bodies together from stored bytes. The rules are those of regpress.query; SITE is written
// in front of this text by the host profile.

const JSON_TYPE = "application/json";
const FRESH = "public, max-age=60, stale-while-revalidate=300";
const EXACT = "public, max-age=300";
const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type",
  "x-content-type-options": "nosniff",
};
const TITLES = { 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 422: "Unprocessable Entity" };
const KINDS = { servers: "server", skills: "skill", plugins: "plugin" };
const NO_DOCUMENT = "There is no document at this address in this registry";
const BAD_CURSOR = "The cursor is not one of this registry, or is older than its pages: begin again";
// Most shards of bodies that one answer reads; what is in others follows on the next page.
const MOST_SHARDS = 3;
// Bytes that are kept from one request to the next.
const MOST_KEPT = 48e6;

export default {
  async fetch(request, env) {
    try {
      return await answer(request, env.ASSETS);
    } catch (error) {
      if (error instanceof Refusal) return refused(request, error);
      throw error;
    }
  },
};

class Refusal extends Error {
  constructor(status, detail, errors) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

function refused(request, { status, message, errors }) {
  const body = safe(JSON.stringify({ detail: message, error: message, errors, status, title: TITLES[status] }));
  const headers = { ...HEADERS, "content-type": "application/problem+json", "cache-control": "public, max-age=60" };
  if (status === 405) headers.allow = "GET, HEAD, OPTIONS";
  return new Response(request.method === "HEAD" ? null : body + "\n", { status, headers });
}

// JSON that stays text where a browser takes it for HTML.
function safe(text) {
  return text.replace(/[<>&\u2028\u2029]/g, escaped);
}

function escaped(character) {
  return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

async function answer(request, assets) {
  const url = new URL(request.url);
  let path;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    throw new Refusal(400, "Invalid request: the path is not UTF-8");
  }
  if (path.includes("\0")) throw new Refusal(400, "Invalid request: URL path contains null bytes");
  if (path === SITE.base) return Response.redirect(url.origin + path + "/" + url.search, 301);
  if (!path.startsWith(SITE.base + "/")) throw new Refusal(404, NO_DOCUMENT);
  const [, registry, version, rest] =
    /^(?:registry\/([^/]+)\/)?(v0\.1|v0)\/(.*[^/])\/*$/s.exec(path.slice(SITE.base.length + 1)) ?? [];
  if (!rest) return plainFile(request, url, assets);
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: HEADERS });
  if (request.method !== "GET" && request.method !== "HEAD") throw new Refusal(405, "This registry is read only here");
  if (/[\x01-\x1f\x7f\\]|(^|\/)\.\.?(\/|$)/.test(rest)) throw new Refusal(400, "Invalid request: not a path");
  if (registry && (version === "v0" || !SITE.registries.includes(registry)))
    throw new Refusal(404, "Registry not found");
  const site = {
    request,
    assets,
    origin: url.origin,
    prefix: (registry && registry !== SITE.default ? `registry/${registry}/` : "") + "v0.1/",
    official: !registry,
  };
  // A name whose slash was encoded twice.
  return document(site, rest.replace(/%2f/i, "/"), url.searchParams);
}

async function plainFile(request, url, assets) {
  if (!SITE.base) return assets.fetch(request);
  const inside = new URL(url);
  inside.pathname = url.pathname.slice(SITE.base.length);
  const found = await assets.fetch(new Request(inside, request));
  const target = found.headers.get("location");
  if (!target?.startsWith("/")) return found;
  const moved = new Response(found.body, found);
  moved.headers.set("location", SITE.base + target);
  return moved;
}

async function document(site, path, parameters) {
  const [, collection, plural, name, versions, version] =
    /^((?:x\/dev\.toolhive\/(?=[sp][kl]))?(servers|skills|plugins))(?:\/([^/]+\/[^/]+?)(\/versions(?:\/([^/]+))?)?)?$/.exec(
      path,
    ) ?? [];
  if (plural && (plural === "servers") === (collection === plural)) {
    if (!name) return list(site, plural, parameters);
    if (!versions && plural === "servers") throw new Refusal(404, NO_DOCUMENT);
    return entry(site, plural, name, versions && (version ?? ""), parameters);
  }
  if (/^(_pages|x\/dev\.regpress\/(deleted|entries|query))(\/|$)/.test(path)) throw new Refusal(404, NO_DOCUMENT);
  const found = await fetched(site, path);
  if (!found) throw new Refusal(404, NO_DOCUMENT);
  return reply(site, found.body, FRESH, found.headers.get("etag"));
}

// One entry: its versions as they are stored, or one of them.
async function entry(site, plural, name, version, parameters) {
  const deleted = plural === "servers" && site.official && numbers("server", true, parameters).deleted;
  const stored = await storedVersions(site, plural, name);
  if (version === "" && stored && !deleted) return reply(site, stored, FRESH);
  let bodies = stored ? split(stored).bodies : [];
  if (deleted) bodies = bodies.concat(await deletedBodies(site, plural, name));
  if (version === "") {
    if (!bodies.length) throw new Refusal(404, "Server not found");
    const published = bodies.map((body) => instant(official(body).publishedAt) ?? "");
    const order = bodies.map((_, place) => place);
    order.sort((a, b) => (published[a] < published[b] ? 1 : published[a] > published[b] ? -1 : a - b));
    return reply(site, joined(plural, order.map((place) => bodies[place]), ""), FRESH);
  }
  const wanted = version && version !== "latest";
  const body = bodies.find((body) => (wanted ? keyOf(body)[1] === version : official(body).isLatest));
  if (!body) throw new Refusal(404, plural === "servers" ? "Server not found" : "not found");
  return reply(site, body, wanted ? EXACT : FRESH);
}

// The list of the versions of an entry, from the shard that has its name.
async function storedVersions(site, plural, name) {
  const folder = "x/dev.regpress/entries/" + plural;
  const root = await kept(site, folder);
  if (!root) return;
  root.shards ??= JSON.parse(text(root)).shards;
  const shard = root.shards.findLast(({ after }) => after < name);
  const lines = shard && text(await kept(site, `${folder}/${shard.name}`));
  const start = `\n{"name":"${name}","versions":`;
  const at = lines ? lines.indexOf(start) : -1;
  return at < 0 ? undefined : lines.slice(at + start.length, lines.indexOf("\n", at + 1)).replace(/},?$/, "");
}

async function deletedBodies(site, plural, name) {
  const index = await queryIndex(site, plural);
  const row = index && rowOf(index, seek(index, name));
  if (row?.[1] !== name) return [];
  const shard = await kept(site, `x/dev.regpress/query/${plural}/all/${index.head.all[row[4]]}`);
  return row[7].flatMap((one, place) => (one[2] === 3 ? [text(bodyAt(shard, row[5], place))] : []));
}

async function list(site, plural, parameters) {
  const query = parsed(KINDS[plural], site.official, parameters);
  const plain = !query.search && !query.since && !query.deleted && !query.statuses.length;
  const name = { "": "all", latest: "latest" }[query.version];
  const body = plain && name ? await storedPage(site, plural, name, query) : await found(site, plural, query);
  return reply(site, body, FRESH);
}

// A list that lies there in pages: the page on which the answer begins, or a part of it.
async function storedPage(site, plural, name, query) {
  const folder = "_pages/" + plural;
  let cursor = query.token || name;
  if (!query.token && query.after[0]) {
    const index = await fetched(site, folder);
    const rows = index ? (await index.json())[name] : [];
    cursor = rows.findLast((row) => !row.name || !isAfter([row.name, row.version ?? "\u{10ffff}"], query.after))?.cursor;
  }
  for (;;) {
    const stored = cursor && (await fetched(site, `${folder}/${cursor}`));
    if (!stored) throw cursor === name ? new Refusal(404, NO_DOCUMENT) : new Refusal(400, BAD_CURSOR);
    const whole = await stored.text();
    const { bodies, next } = split(whole);
    let start = 0;
    if (!query.token && query.after[0]) {
      let end = bodies.length;
      while (start < end) {
        const middle = (start + end) >> 1;
        if (isAfter(keyOf(bodies[middle]), query.after)) end = middle;
        else start = middle + 1;
      }
    }
    if (start === bodies.length && next) {
      cursor = next;
      continue;
    }
    const end = start + query.limit;
    if (!start && end >= bodies.length) return whole;
    const more = end < bodies.length ? cursorAfter(query, keyOf(bodies[end - 1])) : next;
    return joined(plural, bodies.slice(start, end), more);
  }
}

// What filters take, looked up in the query index: its lines, two for each name, are only parsed where they may count.
async function found(site, plural, query) {
  const index = await queryIndex(site, plural);
  if (!index) throw new Refusal(404, NO_DOCUMENT);
  const { lines, end } = index;
  const part = query.version === "latest" ? "latest" : "all";
  const exact = query.version && part === "all" && `"${ascii(query.version)}"`;
  const needle = query.search && ascii(query.search);
  const since = query.since && compactTime(query.since);
  const picked = [];
  const shards = new Set();
  let cut = false;
  let at = query.after[0] ? seek(index, query.after[0]) : index.start;
  while (at < end && !cut) {
    if (needle || exact) {
      const hit = lines.indexOf(needle || exact, at);
      if (hit < 0 || hit >= end) break;
      at = lines.lastIndexOf("\n", hit) + 1;
      if (lines[at] === "[") {
        if (needle) {
          at = lineEnd(index, at) + 1;
          continue;
        }
        at = lines.lastIndexOf("\n", at - 2) + 1;
      }
    }
    const row = lineEnd(index, at) + 1;
    const texts = at;
    at = lineEnd(index, row) + 1;
    if (since && lines.slice(row + 2, lines.indexOf('"', row + 2)) <= since) continue;
    if (needle && exact && !lines.slice(row, at).includes(exact)) continue;
    const takesText = needle ? searcher(parsedLine(index, texts), query.search) : () => true;
    const [changed, name, latestShard, latestPlace, shard, place, latest, versions] = rowOf(index, texts);
    for (let number = 0; number < versions.length; number++) {
      const [version, time = changed, state = 0, text] = [versions[number]].flat();
      if (
        (part === "latest" ? number !== latest : exact && version !== query.version) ||
        (state === 3 && !query.deleted && !since) ||
        (since && (time || changed) <= since) ||
        (query.statuses.length && !query.statuses.includes(["active", "deprecated", "archived", "deleted"][state])) ||
        !isAfter([name, version], query.after) ||
        !takesText(text ?? 0)
      )
        continue;
      const where = part === "latest" ? [latestShard, latestPlace, 0] : [shard, place, number];
      cut = picked.length === query.limit || (!shards.has(where[0]) && shards.size === MOST_SHARDS);
      if (cut) break;
      shards.add(where[0]);
      picked.push([name, version, where]);
    }
  }
  const read = {};
  await Promise.all(
    [...shards].map(async (number) => {
      read[number] = await kept(site, `x/dev.regpress/query/${plural}/${part}/${index.head[part][number]}`);
    }),
  );
  const bodies = picked.map(([, , [shard, place, number]]) => bodyAt(read[shard], place, number));
  return joined(plural, bodies, cut ? cursorAfter(query, picked.at(-1)) : "");
}

function searcher(line, search) {
  const tab = line.indexOf("\t");
  const inName = line.slice(0, tab).includes(search);
  const texts = line.slice(tab + 1).split("\n");
  return (number) => inName || texts[number].split("\t").some((field) => field.includes(search));
}

// Text as the lines of the index spell it.
function ascii(value) {
  return JSON.stringify(value).slice(1, -1).replace(/[<>&\u007f-\uffff]/g, escaped);
}

async function queryIndex(site, plural) {
  const stored = await kept(site, "x/dev.regpress/query/" + plural);
  if (stored && !stored.lines) {
    const lines = text(stored);
    const head = lines.indexOf("\n");
    stored.lines = lines;
    stored.head = JSON.parse(lines.slice(0, head - 1) + "}");
    stored.start = lines.indexOf("\n", head + 1) + 1;
    stored.end = Math.max(lines.length - 3, stored.start);
  }
  return stored;
}

function lineEnd({ lines, end }, at) {
  const found = lines.indexOf("\n", at);
  return found < 0 || found > end ? end : found;
}

function parsedLine(index, at) {
  return JSON.parse(index.lines.slice(at, lineEnd(index, at)).replace(/,$/, ""));
}

// What the second line of a name says; the name stands in the first where that is spelt alike.
function rowOf(index, at) {
  if (at >= index.end) return;
  const row = parsedLine(index, lineEnd(index, at) + 1);
  row[1] ||= parsedLine(index, at).split("\t")[0];
  return row;
}

// Where the lines of a name begin, or of the name after its place.
function seek(index, name) {
  let low = index.start;
  let high = index.end;
  while (low < high) {
    let middle = index.lines.lastIndexOf("\n", ((low + high) >> 1) - 1) + 1;
    if (index.lines[middle] === "[") middle = index.lines.lastIndexOf("\n", middle - 2) + 1;
    if (rowOf(index, middle)[1] < name) low = lineEnd(index, lineEnd(index, middle) + 1) + 1;
    else high = middle;
  }
  return low;
}

function bodyAt(shard, place, number) {
  for (; number; number--) place = shard.indexOf(10, place) + 1;
  let end = shard.indexOf(10, place);
  if (shard[end - 1] === 44) end--;
  return shard.subarray(place, end);
}

// Parameters

function parsed(kind, isOfficial, parameters) {
  const { limit, deleted, given } = numbers(kind, isOfficial, parameters);
  const server = kind === "server";
  const cursor = server ? given("cursor") : given("cursor").trim();
  let query;
  if (cursor) query = continued(kind, cursor);
  else if (server) {
    const since = given("updated_since") && instant(given("updated_since").replace(/ (?=\d\d:\d\d$)/, "+"));
    if (since === null)
      throw new Refusal(
        400,
        `Invalid updated_since ${isOfficial ? "format: expected RFC3339 timestamp" : "parameter: must be RFC3339 format"} (e.g., 2025-08-07T13:15:04.280Z)`,
      );
    if (since && deleted === false)
      throw new Refusal(
        400,
        "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)",
      );
    query = { version: given("version"), search: fold(given("search")), since, deleted: !!deleted, statuses: [] };
  } else {
    const wanted = given("status").split(",").map((status) => status.trim().toLowerCase());
    const statuses = [...new Set(wanted.filter(Boolean))].sort();
    query = { version: "latest", search: fold(given("search")).trim(), since: "", deleted: false, statuses };
  }
  return { kind, after: ["", ""], ...query, limit: limit || query.limit || (server ? 30 : 50) };
}

function numbers(kind, isOfficial, parameters) {
  for (const [name, value] of parameters)
    if ((name + value).includes("\0"))
      throw new Refusal(400, "Invalid request: query parameters contain null bytes");
  const given = (name) => parameters.get(name) || "";
  const server = kind === "server";
  const strict = isOfficial && server;
  const errors = [];
  const refuse = (location, message, value) => errors.push({ location: "query." + location, message, value });
  const word = server ? "Invalid" : "invalid";
  const most = strict || !server ? 100 : 1000;
  const integer = /^-?\d{1,15}$/.test(given("limit"));
  let limit = +given("limit");
  if (given("limit") && !integer) {
    if (!strict) throw new Refusal(400, word + " limit parameter: must be an integer");
    refuse("limit", "invalid integer", given("limit"));
  } else if (given("limit") && (limit < 1 || (limit > most && (strict || !server)))) {
    if (!strict) throw new Refusal(400, `${word} limit parameter: must be between 1 and ${most}`);
    refuse("limit", limit < 1 ? "expected number >= 1" : "expected number <= 100", limit);
  }
  const asked = given("include_deleted");
  const yes = /^(1|t|T|true|True|TRUE)$/.test(asked);
  if (server && asked && !yes && !/^(0|f|F|false|False|FALSE)$/.test(asked)) {
    if (!strict) throw new Refusal(400, "Invalid include_deleted parameter: must be a boolean");
    refuse("include_deleted", "invalid boolean", asked);
  }
  if (errors.length) throw new Refusal(422, "validation failed", errors);
  return { given, limit: Math.min(limit, most), deleted: asked ? yes : undefined };
}

function continued(kind, cursor) {
  if (/^(latest|all|[la][\w-]{16})$/.test(cursor))
    return { token: cursor, version: cursor[0] === "l" ? "latest" : "", search: "", since: "", statuses: [] };
  let state;
  try {
    const bytes = atob(cursor.slice(1).replace(/-/g, "+").replace(/_/g, "/"));
    state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0))));
  } catch {}
  if (!/^q[\w-]+$/.test(cursor) || !Array.isArray(state) || state.length < 8) throw new Refusal(400, BAD_CURSOR);
  const [own, limit, name, number, version, search, since, deleted, ...statuses] = state;
  const texts = [name, number, version, search, since, ...statuses];
  if (
    own !== kind ||
    !(Number.isInteger(limit) && limit > 0 && limit <= 1000) ||
    typeof deleted !== "boolean" ||
    !texts.every((one) => typeof one === "string" && one.isWellFormed())
  )
    throw new Refusal(400, BAD_CURSOR);
  return { limit, after: [name, number], version, search, since, deleted, statuses };
}

function cursorAfter({ kind, limit, version, search, since, deleted, statuses }, [name, number]) {
  const state = [kind, limit, name, number, version, search, since, !!deleted, ...statuses];
  const bytes = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state)));
  return "q" + btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

// Which sigma a word ends in depends on what follows it: a part of a text would not be found in the whole.
function fold(value) {
  return value.toLowerCase().replace(/\u03c2/g, "\u03c3").replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
}

// An RFC 3339 time as a text that sorts as the instants do, or null.
function instant(value) {
  const [, day, time, fraction, sign, hours, minutes] =
    /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/.exec(value) ?? [];
  const local = new Date(`${day}T${time}Z`);
  if (!day || isNaN(local) || local.toISOString().slice(0, 19) !== `${day}T${time}`) return null;
  const offset = sign ? (sign + 1) * (hours * 60 + +minutes) : 0;
  const utc = new Date(local - offset * 60000).toISOString();
  return /^(?!0000)\d{4}-/.test(utc) ? utc.slice(0, 19) + "." + (fraction ?? "").replace(/0+$/, "") : null;
}

// A time as the index has it: seconds in 36 digits, then the fraction.
function compactTime(value) {
  const [time, fraction] = value.split(".");
  const seconds = Date.parse(time + "Z") / 1000;
  return seconds < 0 ? "0000000" : seconds.toString(36).padStart(7, "0") + fraction;
}

// Documents

// The entries of a list document as they stand in it, and its cursor.
function split(document) {
  const bodies = [];
  let depth = 0;
  let start = 0;
  let at = document.indexOf("[") + 1;
  for (; ; at++) {
    const character = document.charCodeAt(at);
    if (character === 34) at = stringEnd(document, at);
    else if (character === 123 || character === 91) {
      if (!depth++) start = at;
    } else if (character === 125 || character === 93) {
      if (!depth) break;
      if (!--depth) bodies.push(document.slice(start, at + 1));
    }
  }
  return { bodies, next: JSON.parse("{" + document.slice(at + 2)).metadata.nextCursor };
}

function stringEnd(document, at) {
  for (;;) {
    at = document.indexOf('"', at + 1);
    let before = at;
    while (document[before - 1] === "\\") before--;
    if ((at - before) % 2 === 0) return at;
  }
}

function keyOf(body) {
  const value = JSON.parse(body);
  const { namespace, name, version } = value.server ?? value;
  return [namespace ? `${namespace}/${name}` : name, version];
}

function official(body) {
  return JSON.parse(body)._meta["io.modelcontextprotocol.registry/official"];
}

// Whether a place is after another in lists: by name, then version, by code point.
function isAfter([name, version], [otherName, otherVersion]) {
  return name === otherName ? points(version) > points(otherVersion) : name > otherName;
}

function points(value) {
  return [...value].map((one) => one.codePointAt(0).toString(16).padStart(6, "0")).join();
}

function joined(plural, bodies, next) {
  const encoder = new TextEncoder();
  const tail = next ? `,"nextCursor":"${next}"` : "";
  const parts = [encoder.encode(`{"${plural}":[`)];
  for (const body of bodies) {
    if (parts.length > 1) parts.push(encoder.encode(","));
    parts.push(typeof body === "string" ? encoder.encode(body) : body);
  }
  parts.push(encoder.encode(`],"metadata":{"count":${bodies.length}${tail}}}`));
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function text(bytes) {
  return new TextDecoder().decode(bytes);
}

// Files

function fetched(site, path, headers) {
  const address = `${site.prefix}${path}.json`.split("/").map(encodeURIComponent).join("/");
  return site.assets.fetch(new Request(`${site.origin}/${address}`, { headers })).then(async (found) => {
    if (found.status === 200 || found.status === 304) return found;
    await found.body?.cancel();
  });
}

const copies = new Map();

// The bytes of a file, from the copy of an earlier request where the file is still the same.
async function kept(site, path) {
  const key = site.prefix + path;
  const copy = copies.get(key);
  const found = await fetched(site, path, copy && { "if-none-match": copy.tag });
  copies.delete(key);
  if (!found) return;
  let bytes = copy;
  if (found.status === 200) {
    bytes = new Uint8Array(await found.arrayBuffer());
    bytes.tag = found.headers.get("etag");
  }
  if (bytes.tag) copies.set(key, bytes);
  let total = 0;
  for (const one of copies.values()) total += one.length;
  for (const [old, one] of copies) {
    if (total <= MOST_KEPT) break;
    copies.delete(old);
    total -= one.length;
  }
  return bytes;
}

async function reply(site, body, caching, tag) {
  if (!tag) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    tag = '"' + [...digest.slice(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("") + '"';
  }
  const headers = { ...HEADERS, "content-type": JSON_TYPE, "cache-control": caching, etag: tag };
  const asked = (site.request.headers.get("if-none-match") ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  const same = asked.includes(tag.replace(/^W\//, "")) || asked.includes("*");
  if (same || site.request.method === "HEAD") {
    await body.cancel?.();
    return new Response(null, { status: same ? 304 : 200, headers });
  }
  return new Response(body, { headers });
}
