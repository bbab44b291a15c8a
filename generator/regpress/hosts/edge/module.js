// Answers the registry API from the files of a build: requests with a query, with names in any encoding, with bad input.
//
// It runs where the files lie (`assets` is Cloudflare's binding), keeps no state but copies of files that it asks
// about each time, and puts bodies together from stored ones. The rules are those of regpress.query; SITE is written
// in front of this text by the host profile. A query is what its cursor carries, a list of
// kind, limit, name and version of the place after which it begins, version, search, since, deleted, states …

const FRESH = "public, max-age=60, stale-while-revalidate=300";
const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, OPTIONS",
  "access-control-allow-headers": "Authorization, Content-Type",
  "x-content-type-options": "nosniff",
};
const TITLES = { 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 422: "Unprocessable Entity" };
const STATES = ["active", "deprecated", "archived"];
const OURS = "x/dev.regpress/";
const NO_DOCUMENT = "There is no document at this address";
const BAD_CURSOR = "Unknown cursor: begin again";
const EXAMPLE = " (e.g., 2025-08-07T13:15:04.280Z)";
// Most shards of bodies that one answer reads; what is in others follows on the next page.
const MOST_SHARDS = 3;
// Files of three MiB at most, and indexes, that are kept from one request to the next.
const MOST_KEPT = 16;
// Bytes of the query index that become text at a time: engines have fresh memory for large texts only, which costs more
// than to search in them.
const BLOCK = 32768;

export default {
  async fetch(request, env) {
    try {
      return await answer(request, env.ASSETS);
    } catch (refusal) {
      if (!Array.isArray(refusal)) throw refusal;
      const [status, detail, errors] = refusal;
      const body = JSON.stringify({ detail, error: detail, errors, status, title: TITLES[status] });
      const headers = {
        ...HEADERS,
        allow: "GET, HEAD, OPTIONS",
        "content-type": "application/problem+json",
        "cache-control": "public, max-age=60",
      };
      return new Response(request.method === "HEAD" ? null : body.replace(/[<>&\u2028\u2029]/g, escaped) + "\n", {
        status,
        headers,
      });
    }
  },
};

function refuse(...refusal) {
  throw refusal;
}

function refuseNull(what) {
  refuse(400, `Invalid request: ${what} null bytes`);
}

// A character in a form that stays text where a browser takes JSON for HTML.
function escaped(character) {
  return "\\u" + (character.charCodeAt() + 65536).toString(16).slice(1);
}

async function answer(request, assets) {
  const url = new URL(request.url);
  const { base } = SITE;
  let path;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    refuse(400, NO_DOCUMENT);
  }
  if (path.includes("\0")) refuseNull("URL path contains");
  if (path === base) return Response.redirect(url.origin + base + "/" + url.search, 301);
  if (!path.startsWith(base + "/")) refuse(404, NO_DOCUMENT);
  const [, registry, version, rest] =
    /^\/(?:registry\/([^/]+)\/)?(v0\.1|v0)\/(.*[^/])\/*$/s.exec(path.slice(base.length)) ?? [];
  if (!rest) {
    // A page or a file; the host itself finds it, below another path than the visitor's where there is one.
    if (!base) return assets.fetch(request);
    url.pathname = url.pathname.slice(base.length);
    const found = await assets.fetch(new Request(url, request));
    const target = found.headers.get("location");
    return target ? Response.redirect(url.origin + base + target, found.status) : found;
  }
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: HEADERS });
  if (!/^(GET|HEAD)$/.test(request.method)) refuse(405, "This registry is read only");
  if (/[\x01-\x1f\x7f\\]|(^|\/)\.\.?(\/|$)/.test(rest)) refuse(400, NO_DOCUMENT);
  if (registry && (version === "v0" || !SITE.registries.includes(registry))) refuse(404, "Registry not found");
  const site = {
    request,
    assets,
    root: `${url.origin}/${registry && registry !== SITE.default ? `registry/${registry}/` : ""}v0.1/`,
    official: !registry,
  };
  // The slash of a name may have been encoded twice.
  return document(site, rest.replace(/%2f/i, "/"), url.searchParams);
}

async function document(site, path, parameters) {
  const [, servers, plural = servers, name, versions, version] =
    /^(?:(servers)|x\/dev\.toolhive\/(skills|plugins))(?:\/([^/]+\/[^/]+?)(\/versions(?:\/([^/]+))?)?)?$/.exec(path) ?? [];
  if (plural && !name) return reply(site, await list(site, plural, parameters), FRESH);
  if (plural && (versions || !servers))
    return entry(site, plural, name, version ?? (versions ? "" : "latest"), parameters);
  const hidden = /^(_pages|x\/dev\.regpress\/(deleted|entries|query))\b/.test(path);
  const found = !plural && !hidden && (await fetched(site, path));
  return found ? reply(site, found.body, FRESH, found.headers.get("etag")) : refuse(404, NO_DOCUMENT);
}

// One entry: its versions as they are stored, or one of them.
async function entry(site, plural, name, version, parameters) {
  const servers = plural === "servers";
  const deleted = servers && site.official && numbers(true, true, parameters).deleted;
  let stored = await storedVersions(site, plural, name);
  const bodies = stored ? split(stored).bodies : [];
  if (deleted) {
    bodies.push(...(await deletedBodies(site, plural, name)));
    const published = (body) => instant(official(body).publishedAt);
    stored = joined(
      plural,
      bodies.sort((one, other) => (published(one) < published(other)) - (published(one) > published(other))),
    );
  }
  const latest = version === "latest";
  const found =
    bodies.find((body) => !version || (latest ? official(body).isLatest : keyOf(body)[1] === version)) ??
    refuse(404, (servers ? "Server " : "") + "not found");
  return reply(site, version ? found : stored, !version || latest ? FRESH : "public, max-age=300");
}

// The list of the versions of an entry, from the shard that has its name.
async function storedVersions(site, plural, name) {
  const folder = `${OURS}entries/${plural}`;
  const root = await fetched(site, folder);
  const shard = (await root.json()).shards.findLast(({ after }) => after < name);
  const lines = shard ? await (await fetched(site, `${folder}/${shard.name}`)).text() : "";
  const start = `\n{"name":"${name}","versions":`;
  const at = lines.indexOf(start);
  return at < 0 ? "" : lines.slice(at + start.length, lines.indexOf("\n", at + 1)).replace(/},?$/, "");
}

async function deletedBodies(site, plural, name) {
  const index = await queryIndex(site, plural);
  const [, , found, , , shard, place, , versions] = parsedName(linesFrom(index, seek(index, name), 1));
  if (found !== name) return [];
  const bodies = await kept(site, `${OURS}query/${plural}/all/${index.all[shard]}`);
  return versions.flatMap((one, number) => (one[2] === 3 ? bodyAt(bodies, place, number) : []));
}

async function list(site, plural, parameters) {
  const query = parsed(plural, site.official, parameters);
  const [, , , , version, ...filters] = query;
  const name = { "": "all", latest: "latest" }[version];
  return name && !filters.some(Boolean) ? storedPage(site, plural, name, query) : found(site, plural, query);
}

// A list that lies there in pages: the page on which the answer begins, or a part of it.
async function storedPage(site, plural, name, query) {
  const [, limit, ...after] = query;
  const folder = "_pages/" + plural;
  const seeks = after[0] && !query.token;
  let cursor = query.token || name;
  if (seeks) {
    const index = await fetched(site, folder);
    const rows = (await index.json())[name];
    // In the list of the latest a name has one version, whichever it is.
    cursor = rows.findLast((row) => !row.name || !isAfter([row.name, row.version ?? "\u{10ffff}"], after))?.cursor;
  }
  for (;;) {
    const stored = await fetched(site, `${folder}/${cursor}`);
    if (!stored) refuse(400, BAD_CURSOR);
    const whole = await stored.text();
    const { bodies, next } = split(whole);
    const start = seeks ? bodies.findIndex((body) => isAfter(keyOf(body), after)) : 0;
    const end = start + limit;
    if (start < 0 && next) cursor = next;
    else if (start < 0) return joined(plural, []);
    else if (!start && end >= bodies.length) return whole;
    else
      return joined(plural, bodies.slice(start, end), end < bodies.length ? cursorAfter(query, keyOf(bodies[end - 1])) : next);
  }
}

// What filters take, looked up in the query index: its lines, two for each name, are only parsed where they may count.
async function found(site, plural, query) {
  const [, limit, afterName, afterVersion, version, search, sinceTime, deleted, ...statuses] = query;
  const index = await queryIndex(site, plural);
  const latestOnly = version === "latest";
  const part = latestOnly ? version : "all";
  const exact = version && !latestOnly;
  const wanted = ascii(search) || (exact && `"${ascii(version)}"`);
  // Engines look for the first letter of a text, and so for long at one that is common.
  const rare = wanted && Math.max(0, wanted.search(/[^ "acdeilnorst]/));
  const since = sinceTime && compactTime(sinceTime);
  const picked = [];
  const shards = new Map();
  let cut;
  let lines;
  scan: for (let from = afterName ? seek(index, afterName) : index.start; from < index.end; from += lines.length) {
    lines = linesFrom(index, from, BLOCK);
    let at = 0;
    while (at < lines.length) {
      if (wanted) {
        let hit = at + rare;
        do hit = lines.indexOf(wanted.slice(rare), hit) + 1;
        while (hit && !lines.startsWith(wanted, hit - 1 - rare));
        if (!hit) break;
        at = lineStart(lines, hit - 1);
        if (lines[at] === "[") {
          if (search) {
            at = lineEnd(lines, at);
            continue;
          }
          at = lineStart(lines, at - 2);
        }
      }
      const start = at;
      const row = lineEnd(lines, at);
      at = lineEnd(lines, row);
      if (since && lines.slice(row + 2, lines.indexOf('"', row + 2)) <= since) continue;
      const [texts, changed, name, ...places] = parsedName(lines.slice(start, at));
      const [latest, versions] = places.slice(4);
      const [own] = texts.split("\t");
      // What ends fields and texts is in no search.
      const fields = texts.split("\n");
      for (let number = 0; number < versions.length; number++) {
        const [one, time, state = 0, text = 0] = [versions[number]].flat();
        if (
          (latestOnly ? number !== latest : exact && one !== version) ||
          (state === 3 && !deleted && !since) ||
          (since && (time || changed) <= since) ||
          (statuses[0] && !statuses.includes(STATES[state])) ||
          !isAfter([name, one], [afterName, afterVersion]) ||
          !(own.includes(search) || fields[text].includes(search))
        )
          continue;
        const [shard, place] = places.slice(latestOnly ? 0 : 2);
        cut = picked.length === limit || (!shards.has(shard) && shards.size === MOST_SHARDS);
        if (cut) break scan;
        if (!shards.has(shard)) shards.set(shard, kept(site, `${OURS}query/${plural}/${part}/${index[part][shard]}`));
        picked.push([name, one, shard, place, latestOnly ? 0 : number]);
      }
    }
  }
  const bodies = await Promise.all(
    picked.map(async ([, , shard, place, number]) => bodyAt(await shards.get(shard), place, number)),
  );
  return joined(plural, bodies, cut && cursorAfter(query, picked.at(-1)));
}

// Text as the lines of the index spell it.
function ascii(value) {
  return JSON.stringify(value).slice(1, -1).replace(/[<>&\u007f-\uffff]/g, escaped);
}

async function queryIndex(site, plural) {
  const index = (await kept(site, `${OURS}query/${plural}`)) ?? refuse(404, NO_DOCUMENT);
  const { bytes } = index;
  const head = lineEnd(bytes, 0, 10);
  return Object.assign(index, JSON.parse(text(bytes.subarray(0, head - 2)) + "}"), {
    start: lineEnd(bytes, head, 10),
    end: bytes.length - 3,
  });
}

// Where a line begins, and where the next one does; in bytes the line feed is a number.
function lineStart(lines, at, feed = "\n") {
  return lines.lastIndexOf(feed, at) + 1;
}

function lineEnd(lines, at, feed = "\n") {
  return lines.indexOf(feed, at) + 1 || lines.length;
}

// The lines of whole names from a place on: so many bytes, all ASCII, and what completes the last name.
function linesFrom({ bytes, end }, at, size) {
  let to = lineEnd(bytes, at + size, 10);
  if (bytes[to] === 91) to = lineEnd(bytes, to, 10);
  return text(bytes.subarray(at, Math.min(to, end)), "latin1");
}

// The lines of a name as a list: the texts, and the row of what filters need, whose name stands in the texts where that
// is spelt alike.
function parsedName(lines) {
  const [texts = "", row = []] = JSON.parse(`[${lines.replace(/,?\s*$/, "")}]`);
  row[1] ||= texts.split("\t")[0];
  return [texts, ...row];
}

// Where the lines of a name begin, or of the name after its place.
function seek(index, name) {
  const { bytes } = index;
  let low = index.start;
  let high = index.end;
  while (low < high) {
    let middle = lineStart(bytes, ((low + high) >> 1) - 1, 10);
    if (bytes[middle] === 91) middle = lineStart(bytes, middle - 2, 10);
    const lines = linesFrom(index, middle, 1);
    if (parsedName(lines)[2] < name) low = middle + lines.length;
    else high = middle;
  }
  return low;
}

function bodyAt({ bytes }, place, number) {
  for (; number; number--) place = lineEnd(bytes, place, 10);
  return text(bytes.subarray(place, lineEnd(bytes, place, 10) - 1)).replace(/,$/, "");
}

// Parameters

function parsed(plural, isOfficial, parameters) {
  const server = plural === "servers";
  const { limit, deleted, given } = numbers(server, isOfficial, parameters);
  const kind = plural.slice(0, -1);
  const cursor = server ? given("cursor") : given("cursor").trim();
  const search = fold(given("search"));
  let query;
  if (cursor) query = continued(kind, cursor);
  else if (server) {
    const asked = given("updated_since");
    const since = asked && instant(asked.replace(/ (?=\d\d:\d\d$)/, "+"));
    if (since === null)
      refuse(
        400,
        "Invalid updated_since " +
          (isOfficial ? "format: expected RFC3339 timestamp" : "parameter: must be RFC3339 format") +
          EXAMPLE,
      );
    if (since && deleted === false)
      refuse(
        400,
        "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)",
      );
    query = [given("version"), search, since, !!deleted];
  } else {
    const statuses = given("status").toLowerCase().split(",");
    query = ["latest", search.trim(), "", false, ...new Set(statuses.map((one) => one.trim()).sort())].filter(
      (one, place) => one || place < 4,
    );
  }
  if (query[0] !== kind) query = Object.assign([kind, 0, "", "", ...query], { token: query.token });
  query[1] = limit || query[1] || (server ? 30 : 50);
  return query;
}

function numbers(server, isOfficial, parameters) {
  if ([...parameters].join().includes("\0")) refuseNull("query parameters contain");
  const given = (name) => parameters.get(name) || "";
  const strict = isOfficial && server;
  const errors = [];
  // The official registry names all that is wrong, ToolHive's the first.
  const wrong = (name, message, value, detail) =>
    strict
      ? errors.push({ location: "query." + name, message, value })
      : refuse(400, `${server ? "I" : "i"}nvalid ${name} parameter: must be ${detail}`);
  const most = strict || !server ? 100 : 1000;
  const text = given("limit");
  const limit = +text;
  if (text && !/^-?\d{1,15}$/.test(text)) wrong("limit", "invalid integer", text, "an integer");
  else if (text && (limit < 1 || (limit > 100 && most === 100)))
    wrong("limit", "expected number " + (limit < 1 ? ">= 1" : "<= 100"), limit, "between 1 and " + most);
  const asked = given("include_deleted");
  const deleted = /^(1|t(rue)?|T(rue|RUE)?)$/.test(asked);
  if (server && asked && !deleted && !/^(0|f(alse)?|F(alse|ALSE)?)$/.test(asked))
    wrong("include_deleted", "invalid boolean", asked, "a boolean");
  if (errors[0]) refuse(422, "validation failed", errors);
  return { given, limit: Math.min(limit, most), deleted: asked ? deleted : undefined };
}

function continued(kind, cursor) {
  if (/^(latest|all|[la][\w-]{16})$/.test(cursor))
    return Object.assign([cursor[0] === "l" ? "latest" : "", "", "", false], { token: cursor });
  let state;
  try {
    const bytes = atob(cursor.slice(1).replace(/[-_]/g, (one) => (one === "-" ? "+" : "/")));
    state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes, (one) => one.charCodeAt())));
  } catch {}
  const right = (one, place) =>
    place === 1 ? Number.isInteger(one) && one > 0 && one <= 1000 : typeof one === (place === 7 ? "boolean" : "string");
  return /^q[\w-]+$/.test(cursor) && Array.isArray(state) && state.length > 7 && state[0] === kind && state.every(right)
    ? state
    : refuse(400, BAD_CURSOR);
}

function cursorAfter(query, [name, version]) {
  const state = JSON.stringify(query.toSpliced(2, 2, name, version));
  const bytes = String.fromCharCode(...new TextEncoder().encode(state));
  return "q" + btoa(bytes).replace(/[+/=]/g, (one) => ({ "+": "-", "/": "_" })[one] ?? "");
}

// Which sigma a word ends in depends on what follows it: a part of a text would not be found in the whole.
function fold(value) {
  return value.toLowerCase().replace(/\u03c2/g, "\u03c3").replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
}

// An RFC 3339 time as a text that sorts as the instants do, or null.
function instant(value) {
  const [, day, time, fraction = "", sign, hours, minutes] =
    /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/.exec(value) ?? [];
  const local = new Date(`${day}T${time}Z`);
  // What is no date has no JSON, and what is one in another month is not this one.
  if (local.toJSON()?.slice(0, 19) !== `${day}T${time}`) return null;
  const utc = new Date(local - (sign ? (sign + 1) * (hours * 60 + +minutes) * 60000 : 0)).toJSON();
  return /^(?!0000)\d/.test(utc) ? utc.slice(0, 19) + "." + fraction.replace(/0+$/, "") : null;
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
  let at = document.indexOf("[");
  for (;;) {
    const character = document[++at];
    if (character === '"') at = stringEnd(document, at);
    else if ("[{".includes(character)) {
      if (!depth++) start = at;
    } else if ("]}".includes(character)) {
      if (!depth) return { bodies, next: JSON.parse("{" + document.slice(at + 2)).metadata.nextCursor };
      if (!--depth) bodies.push(document.slice(start, at + 1));
    }
  }
}

function stringEnd(document, at) {
  for (;;) {
    let before = (at = document.indexOf('"', at + 1));
    while (document[before - 1] === "\\") before--;
    if ((at - before) % 2 === 0) return at;
  }
}

// The place of an entry in lists: its full name and its version.
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
  const points = (value) => [...value].map((one) => one.codePointAt() + 1e7).join();
  return name === otherName ? points(version) > points(otherVersion) : name > otherName;
}

function joined(plural, bodies, next) {
  const tail = next ? `,"nextCursor":"${next}"` : "";
  return `{"${plural}":[${bodies}],"metadata":{"count":${bodies.length}${tail}}}`;
}

function text(bytes, encoding) {
  return new TextDecoder(encoding).decode(bytes);
}

// Files

async function fetched(site, path, headers) {
  const address = path.split("/").map(encodeURIComponent).join("/");
  const found = await site.assets.fetch(new Request(`${site.root}${address}.json`, { headers }));
  if (/200|304/.test(found.status)) return found;
  await found.body?.cancel();
}

const copies = new Map();

// The bytes of a file, from the copy of an earlier request where it is still the same.
async function kept(site, path) {
  const key = site.root + path;
  let copy = copies.get(key);
  const found = await fetched(site, path, copy && { "if-none-match": copy.tag });
  copies.delete(key);
  if (!found) return;
  if (found.status === 200) copy = { bytes: new Uint8Array(await found.arrayBuffer()), tag: found.headers.get("etag") };
  if (copy.tag) copies.set(key, copy);
  if (copies.size > MOST_KEPT) copies.delete(copies.keys().next().value);
  return copy;
}

async function reply({ request }, body, caching, tag) {
  if (!tag) {
    const digest = await crypto.subtle.digest("SHA-256", (body = new TextEncoder().encode(body)));
    tag = `"${btoa(String.fromCharCode(...new Uint8Array(digest, 0, 15)))}"`;
  }
  const headers = { ...HEADERS, "content-type": "application/json", "cache-control": caching, etag: tag };
  const asked = request.headers.get("if-none-match");
  const same = asked === "*" || asked?.includes(tag.replace("W/", ""));
  if (!same && request.method !== "HEAD") return new Response(body, { headers });
  await body.cancel?.();
  return new Response(null, { status: same ? 304 : 200, headers });
}
