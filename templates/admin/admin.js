/* The admin page of `regpress serve`: /v1 for people. It offers what the caller may do; the registry decides.
   Everything that the registry answers may be hostile: it becomes text, never markup. */

const ROOT = new URL("../", location.href);
const OURS = "v1/x/dev.regpress/";
const OFFICIAL = "io.modelcontextprotocol.registry/official";
const PLURALS = { server: "servers", skill: "skills", plugin: "plugins" };
const MOST_BYTES = 1024 * 1024;
const MOST_LINES = 20_000;
const PAGE = 50;
const TYPING = 350;
const POLLING = 1000;

const $ = (id) => document.getElementById(id);
const on = (id, type, act) => $(id).addEventListener(type, act);
const facts = $("_main").dataset;
const open = new Set(facts.public.split(" ").filter(Boolean));

/* Only here: the catalog shows documents of strangers at the same origin, and what a page's memory holds no other page
   can read, whatever happens there. */
let token = "";
let me = null;
let registries = [];

/* Elements, texts, times */

function el(name, members = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(members)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== "" && child !== undefined && child !== null));
  return made;
}

const words = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const copyOf = (id) => $(id).content.firstElementChild.cloneNode(true);
/* 2026-11-26 14:05, where the reader is. */
const TIME = new Intl.DateTimeFormat("sv", { dateStyle: "short", timeStyle: "short" });

function timeOf(text) {
  const moment = new Date(text ?? "");
  return Number.isNaN(moment.getTime()) ? "" : el("time", { datetime: moment.toISOString() }, TIME.format(moment));
}

function mark(text, kind = "") {
  return el("span", { class: `mark ${kind}` }, text);
}

function link(href, ...children) {
  return el("a", { href, target: "_blank", rel: "noopener" }, ...children);
}

function say(text, ...more) {
  $("failed").replaceChildren();
  $("said").replaceChildren(text, ...more);
}

function complain(error) {
  $("said").replaceChildren();
  $("failed").replaceChildren(el("p", {}, error.message), reasonsOf(error));
}

function quiet() {
  $("said").replaceChildren();
  $("failed").replaceChildren();
}

function reasonsOf(error) {
  const lines = (error.reasons ?? []).filter((line) => line && !error.message.includes(line));
  return lines.length ? el("ul", {}, ...lines.map((line) => el("li", {}, line))) : "";
}

/* Asking the registry */

/** Do something that a press of a button began, once at a time. */
async function once(button, act, tell = (error) => me && complain(error)) {
  if (button.ariaDisabled) return;
  button.ariaDisabled = "true";
  try {
    await act();
  } catch (error) {
    tell(error);
  } finally {
    button.ariaDisabled = null;
  }
}

class Refusal extends Error {
  constructor(status, message, reasons = [], seconds = 0) {
    super(message);
    Object.assign(this, { status, reasons, seconds });
  }
}

async function ask(method, path, body) {
  const headers = {};
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer, text;
  try {
    answer = await fetch(new URL(path, ROOT), { method, headers, body, cache: "no-store", credentials: "omit", redirect: "error" });
    text = await answer.text();
  } catch {
    throw new Refusal(0, "The registry does not answer. Is it running?");
  }
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    throw new Refusal(answer.status, `Something else than this registry answered, with status ${answer.status}.`);
  }
  if (answer.ok) return value;
  const detail = value?.detail ?? value?.error ?? answer.statusText;
  const refusal = new Refusal(
    answer.status, sentence(String(detail)), (Array.isArray(value?.errors) ? value.errors : []).map(reason),
    Number(answer.headers.get("retry-after")) || 0,
  );
  if (answer.status === 401 && me && facts.entrance === "token") expire(refusal);
  throw refusal;
}

function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

function reason(one) {
  const place = String(one?.location ?? "").replace(/^body\.?/, "");
  return `${place ? `${place}: ` : ""}${one?.message ?? ""}`;
}

const has = (role) => me.roles.includes(role) || me.roles.includes("superAdmin");
const covers = (patterns, name) => patterns.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one));
const manages = () => me.writes && me.managed && has("manageEntries");
const publishes = () => manages() || (me.writes && me.managed && me.publish.length > 0);
const restates = (kind, name) =>
  manages() || (kind === "server" && me.writes && me.managed && covers([...me.publish, ...me.edit], name));
const apiOf = (registry) => `registry/${encodeURIComponent(registry)}/v0.1/`;

const pathOf = (kind, name) => (kind === "server" ? `servers/${encodeURIComponent(name)}` : `x/dev.toolhive/${PLURALS[kind]}/${steps(name)}`);
const steps = (name) => name.split("/").map(encodeURIComponent).join("/");

/** The way to an entry's page, nothing where there is no catalog. */
function pageLink(registry, kind, name) {
  if (!facts.catalog) return "";
  const below = registry === facts.default ? "" : `registry/${encodeURIComponent(registry)}/`;
  return link(new URL(`${below}${PLURALS[kind]}/${steps(name)}/`, ROOT).href, "Its page in the catalog");
}

function documentOf(registry, kind, name, version) {
  const base = registry === facts.default ? "v0.1/" : apiOf(registry);
  return new URL(`${base}${pathOf(kind, name)}/versions/${encodeURIComponent(version)}`, ROOT).href;
}

/* Coming and going */

const VIEWS = ["sign-in", "closed", "refused", "sources", "publish", "entries", "entry"];

function show(view) {
  for (const one of VIEWS) $(one).hidden = one !== view;
  for (const one of $("views").querySelectorAll("a")) {
    const current = one.hash === `#${view === "entry" ? "entries" : view}`;
    one.ariaCurrent = current ? "page" : null;
  }
  const title = $(`${view}-title`);
  document.title = `${title.textContent} · ${document.querySelector(".site").textContent} admin`;
  return title;
}

function offer() {
  const offered = { sources: has("manageSources"), publish: publishes(), entries: true };
  for (const one of $("views").querySelectorAll("a")) one.parentElement.hidden = !offered[one.hash.slice(1)];
  $("views").hidden = $("who").hidden = false;
  $("sign-out").hidden = !token;
  $("subject").textContent = me.method === "none" ? "No sign-in" : me.subject || "somebody";
  $("roles").textContent = mayDo();
  return offered;
}

/** What the caller may do, in words. */
function mayDo() {
  const names = [...new Set([...me.publish, ...me.edit])].filter((one) => one !== "*");
  if (!me.writes) return "may look, not write";
  if (has("superAdmin")) return "may do everything";
  const roles = ["sources", "registries", "entries"].filter((one) => has(`manage${one[0].toUpperCase()}${one.slice(1)}`));
  if (roles.length) return `manages ${roles.join(", ")}`;
  return names.length ? `may write ${names.join(", ")}` : "may look, not write";
}

async function enter() {
  me = null;
  const found = await ask("GET", `${OURS}me`);
  const listed = await ask("GET", "v1/registries");
  me = found;
  const named = new Set(listed.registries.map((one) => one.name));
  const others = [...open].filter((name) => !named.has(name)).map((name) => ({ name, sources: [] }));
  registries = [...listed.registries, ...others];
  for (const id of ["find-registry", "publish-registry"]) {
    const shown = id === "find-registry" ? registries : homes();
    const chosen = $(id).value;
    $(id).replaceChildren(...shown.map((one) => el("option", { value: one.name }, one.name)));
    const preferred = shown.find((one) => one.name === chosen) ?? shown.find((one) => one.name === facts.default);
    if (preferred) $(id).value = preferred.name;
  }
  $("find-where").hidden = registries.length < 2;
  $("where").hidden = manages() || homes().length < 2;
  if (me.claimsNeeded) $("claims").open = true;
  $("claims").hidden = !manages();
  $("claims-help").textContent = me.claimsNeeded
    ? "Who publishes says whose the entry is. All versions of a name have the same claims."
    : "Without any, the entry has those of its source.";
  showChips();
}

/** The registries that what is published shows in. */
function homes() {
  return registries.filter((one) => one.sources.includes(me.managed));
}

function expire(refusal) {
  token = "";
  me = null;
  $("views").hidden = $("who").hidden = true;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  quiet();
  show("sign-in");
  $("token-problem").textContent = `${refusal.message} Sign in again: what you typed is still here.`;
  $("token").focus();
}

async function signIn(event) {
  event.preventDefault();
  const problem = $("token-problem");
  const given = $("token").value.trim().replace(/^bearer\s+/i, "");
  problem.textContent = "";
  if (!/^[\x21-\x7e]+$/.test(given)) {
    problem.textContent = given ? "This is not a token: it holds blanks or letters that no token has." : "Paste a token first.";
    $("token").focus();
    return;
  }
  token = given;
  try {
    await enter();
  } catch (error) {
    token = "";
    problem.textContent = error.status === 401 ? `The registry does not accept this token: it is wrong, or has expired. (${error.message})` : error.message;
    $("token").focus();
    $("token").select();
    return;
  }
  $("token").value = "";
  route({ focus: true });
}

/* Addresses of views: #sources, #publish, #entries/REGISTRY/KIND/SEARCH, #entry/REGISTRY/KIND/NAME */

function parts() {
  try {
    return location.hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [];
  }
}

const hashOf = (...parts) => `#${parts.map(encodeURIComponent).join("/")}`;

function route({ focus = false } = {}) {
  if (!me) return;
  const offered = offer();
  const [wanted, registry, kind, rest] = parts();
  const known = registries.some((one) => one.name === registry) && Object.hasOwn(PLURALS, kind);
  quiet();
  let view = wanted === "entry" && known && rest?.includes("/") ? "entry" : Object.hasOwn(offered, wanted) && offered[wanted] ? wanted : "";
  view ||= Object.keys(offered).find((one) => offered[one]);
  const title = show(view);
  if (view === "sources") loadSources();
  if (view === "publish") showPublish();
  if (view === "entries") {
    if (known) [$("find-registry").value, $("find-kind").value, $("query").value] = [registry, kind, rest ?? ""];
    find();
  }
  if (view === "entry") loadEntry(registry, kind, rest);
  if (focus) title.focus();
}

/* Sources */

const rows = new Map();

async function loadSources() {
  try {
    const { sources } = await ask("GET", "v1/sources");
    showSources(sources);
    const { history } = await ask("GET", `${OURS}sync`);
    showHistory(history);
  } catch (error) {
    if (me) complain(error);
  }
}

function showSources(sources) {
  const names = new Set(sources.map((one) => one.name));
  for (const [name, row] of rows) if (!names.has(name)) { row.remove(); rows.delete(name); }
  for (const source of sources) {
    let row = rows.get(source.name);
    if (!row) {
      row = copyOf("source-row");
      row.querySelector("bdi").textContent = source.name;
      const button = row.querySelector("button");
      button.ariaLabel = `Sync ${source.name} now`;
      button.addEventListener("click", () => sync([source.name], button));
      rows.set(source.name, row);
      $("source-list").append(row);
    }
    fillSource(row, source);
  }
  $("sync-all").hidden = !me.writes || !sources.some((one) => one.syncStatus);
  $("sources-none").hidden = sources.length > 0;
  $("sources-none").textContent = "There are no sources that your claims cover.";
}

const STATES = { complete: ["Up to date", "good"], syncing: ["Syncing…", ""], failed: ["Failed", "bad"] };

function fillSource(row, source) {
  const state = source.syncStatus;
  const inside = registries.filter((one) => one.sources.includes(source.name)).map((one) => one.name);
  row.querySelector(".type").textContent = source.type;
  row.querySelector("[data-in]").textContent = [
    inside.length ? `in ${inside.join(", ")}` : "in no registry that you see",
    source.syncSchedule ? `every ${source.syncSchedule.replace(/(?:(h)0m|(m))0s$/, "$1$2")}` : "",
    source.claims ? claimsText(source.claims) : "",
  ].filter(Boolean).join(" · ");
  const [label, kind] = STATES[state?.phase] ?? ["Not fetched", ""];
  const shown = row.querySelector(".mark");
  shown.textContent = label;
  shown.className = `mark ${kind}`;
  row.querySelector("[data-when]").replaceChildren(timeOf(state?.phase === "syncing" ? state.lastAttempt : state?.lastSyncTime));
  row.querySelector("[data-counts]").textContent = state
    ? Object.keys(PLURALS).filter((one) => state[`${one}Count`] || one === "server").map((one) => words(state[`${one}Count`], one)).join(", ")
    : "";
  row.querySelector("[data-message]").textContent = state?.phase === "failed"
    ? `${state.message}${state.attemptCount > 1 ? ` (${state.attemptCount} tries)` : ""}` : "";
  row.querySelector("button").hidden = !state || !me.writes;
}

function claimsText(claims) {
  return Object.entries(claims).map(([key, value]) => `${key}: ${[value].flat().join(" or ")}`).join(", ");
}

async function sync(names, button) {
  await once(button, async () => {
    say(names.length ? `Syncing ${names.join(", ")}…` : "Syncing all sources…");
    const watch = setInterval(async () => {
      try { showSources((await ask("GET", "v1/sources")).sources); } catch { /* the end of the sync will tell */ }
    }, POLLING);
    try {
      const query = names.map((name) => `source=${encodeURIComponent(name)}`).join("&");
      const event = await ask("POST", `${OURS}sync${query ? `?${query}` : ""}`);
      if (event.phase !== "complete") throw new Refusal(0, sentence(`The sync failed: ${event.message}`));
      say(`${event.sources.join(", ")}: ${event.changed ? "there was something new, and it shows now." : "nothing has changed."}`);
    } finally {
      clearInterval(watch);
    }
  });
  if (me) await loadSources();
}

function showHistory(history) {
  $("history").hidden = !history.length;
  $("events").replaceChildren(...history.map((event) => el("tr", {},
    el("td", {}, timeOf(event.startedAt)),
    el("td", {}, el("bdi", {}, event.sources.join(", "))),
    el("td", {}, event.trigger === "request" ? "asked for" : "interval"),
    el("td", { class: "text" }, event.phase === "complete" ? (event.changed ? "changed" : "nothing new") : event.message ?? "failed",
      " ", el("span", { class: "small" }, `${event.seconds} s`)))));
}

/* A document's text: where its members stand, or where it stops being JSON */

class Misplaced extends Error {
  constructor(expected, at) {
    super(`expected ${expected}`);
    this.at = at;
  }
}

/** The places of a JSON text by path, `packages[0].transport`: each a pair of begin and end of its value. */
export function placesOf(text) {
  const places = new Map();
  const SPACE = /[ \t\r\n]*/y, STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
  const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found?.[0];
  };
  const fail = (expected) => { throw new Misplaced(expected, at); };
  const next = (...wanted) => {
    take(SPACE);
    if (!wanted.includes(text[at])) fail(wanted.join(" or "));
    return text[at++];
  };
  const value = (path, start) => {
    take(SPACE);
    const begin = at;
    if (text[at] === "{" || text[at] === "[") {
      const close = text[at++] === "{" ? "}" : "]";
      take(SPACE);
      if (text[at] === close) at++;
      else {
        let number = 0;
        do {
          take(SPACE);
          const member = at;
          let inner = `${path}[${number++}]`;
          if (close === "}") {
            const name = JSON.parse(take(STRING) ?? fail("a name in quotes"));
            inner = path ? `${path}.${name}` : name;
            next(":");
          }
          value(inner, member);
        } while (next(",", close) === ",");
      }
    } else if (!take(STRING) && !take(PLAIN)) fail(at < text.length ? "a value" : "more: the text ends too early");
    places.set(path, { start: start ?? begin, begin, end: at });
  };
  value("");
  take(SPACE);
  if (at < text.length) fail("nothing more");
  return places;
}

/** The line that an offset is in, from 1. */
const lineOf = (text, at) => text.slice(0, at).split("\n").length;

/** The offset of a path, or of what it is in. Names that are no words come as `["a b"]`. */
function placeOf(places, path) {
  const plain = path.replace(/\[("(?:[^"\\]|\\.)*")\]/g, (_, name) => `.${JSON.parse(name)}`).replace(/^\./, "");
  for (let one = plain; one; one = one.slice(0, Math.max(one.lastIndexOf("."), one.lastIndexOf("["), 0))) {
    if (places.has(one)) return places.get(one).start;
  }
  return places.get("").start;
}

/** What a text publishes: kind, the document's own text and where it stands in the whole. */
function understood(text) {
  const places = placesOf(text);
  const whole = JSON.parse(text);
  const wrapped = Object.keys(PLURALS).find((kind) => whole?.[kind] && typeof whole[kind] === "object" && !("name" in whole));
  const value = wrapped ? whole[wrapped] : whole;
  const { begin, end } = places.get(wrapped ?? "");
  let kind = wrapped ?? $("kind").value;
  if (!wrapped && typeof value?.name === "string") {
    if (value.name.includes("/") || value.$schema) kind = "server";
    else if (kind === "server" && "namespace" in value) kind = "skill";
  }
  return { kind, value, places, prefix: wrapped ?? "", text: text.slice(begin, end), claims: wrapped && whole.claims instanceof Object && whole.claims };
}

/* Publishing */

let drawn = [];
let timer = 0;
let round = 0;

function showPublish() {
  const never = manages() && !homes().length ? "No registry that you see shows what is published here: none has the managed source." : "";
  $("publish-never").hidden = !never;
  $("publish-never").textContent = never;
  drawGutter([]);
  if ($("text").value) check();
}

function drawGutter(issues) {
  const lines = Math.min($("text").value.split("\n").length, MOST_LINES);
  const marks = new Map();
  for (const issue of issues) if (issue.line && marks.get(issue.line) !== "error") marks.set(issue.line, issue.severity);
  const made = [];
  let plain = "";
  for (let line = 1; line <= lines; line++) {
    if (marks.has(line)) {
      made.push(plain, el("b", { class: marks.get(line) }, String(line)));
      plain = "\n";
    } else plain += `${line}\n`;
  }
  $("gutter").replaceChildren(...made, plain);
  $("gutter").scrollTop = $("text").scrollTop;
}

function typed() {
  clearTimeout(timer);
  $("published").replaceChildren();
  drawGutter(drawn);
  timer = setTimeout(check, TYPING);
}

/** Look at the document; returns what was found, null where something newer is on its way. */
async function check() {
  clearTimeout(timer);
  const text = $("text").value, mine = ++round;
  if (!text.trim()) {
    showIssues({ issues: [] }, "Findings appear here while you type.");
    return null;
  }
  let seen;
  try {
    seen = understood(text);
  } catch (error) {
    const at = error.at ?? 0;
    const message = error instanceof Misplaced ? error.message : "this is nested too deeply";
    const column = at - text.lastIndexOf("\n", at - 1);
    const found = { issues: [{ severity: "error", path: "", message: `not JSON: ${message}, at column ${column}`, line: lineOf(text, at), at }] };
    showIssues(found, "This is not JSON yet.");
    return found;
  }
  if (seen.kind !== $("kind").value) $("kind").value = seen.kind;
  if (seen.claims && !$("claim-list").children.length) addClaims(seen.claims);
  let issues;
  try {
    issues = await issuesOf(seen);
  } catch (error) {
    if (mine !== round || !me) return null;
    const wait = error.status === 429 ? error.seconds || 5 : 0;
    if (wait) timer = setTimeout(check, wait * 1000);
    showIssues({ issues: [] }, wait ? "The registry asks for a pause; the check goes on by itself." : `It could not be checked: ${error.message}`);
    return null;
  }
  if (mine !== round) return null;
  for (const issue of issues) {
    issue.at = placeOf(seen.places, [seen.prefix, issue.path].filter(Boolean).join("."));
    issue.line = lineOf(text, issue.at);
  }
  issues.sort((one, other) => (other.severity === "error") - (one.severity === "error") || one.at - other.at);
  const found = { ...seen, issues };
  const errors = issues.filter((one) => one.severity === "error").length;
  const others = issues.length - errors;
  const name = errors ? "" : `${nameOf(seen)} ${seen.value.version}`;
  showIssues(found, errors
    ? `${words(errors, "error")}${others ? `, ${words(others, "piece")} of advice` : ""}`
    : `${name} can be published${others ? `; ${words(others, "piece")} of advice` : "."}`);
  return found;
}

function nameOf({ kind, value }) {
  return kind === "server" ? value.name : `${value.namespace}/${value.name}`;
}

async function issuesOf({ kind, text }) {
  if (manages()) return (await ask("POST", `${OURS}validate`, `{"${kind}":${text}}`)).issues;
  if (kind !== "server") return [{ severity: "error", path: "", message: "your token is for servers only" }];
  try {
    return (await ask("POST", "v0.1/validate", text)).issues;
  } catch (error) {
    if (error.status !== 422 && error.status !== 400) throw error;
    return error.reasons.map((line) => {
      const [, path, message] = /^(?:([^\s:]+): )?(.*)$/s.exec(line);
      return { severity: "error", path: path ?? "", message };
    });
  }
}

function showIssues(found, verdict) {
  const { issues } = found;
  drawn = issues;
  const worst = issues.some((one) => one.severity === "error") ? "bad" : issues.length ? "warn" : found.value ? "good" : "";
  $("verdict").textContent = verdict;
  $("verdict").className = `verdict ${worst}`;
  $("text").ariaInvalid = String(worst === "bad");
  $("issues").replaceChildren(...issues.map((issue) => el("li", { class: issue.severity },
    el("button", { type: "button", class: "place", onclick: () => goTo(issue) },
      `Line ${issue.line} `, issue.path ? el("code", {}, issue.path) : ""),
    el("span", { dir: "auto" }, issue.severity === "error" ? "" : el("b", {}, "Advice: "), issue.message))));
  drawGutter(issues);
}

function goTo(issue) {
  const area = $("text"), end = area.value.indexOf("\n", issue.at);
  area.focus();
  area.setSelectionRange(issue.at, end < 0 ? area.value.length : end);
  const height = area.scrollHeight / area.value.split("\n").length;
  area.scrollTop = Math.max(0, (issue.line - 4) * height);
  $("gutter").scrollTop = area.scrollTop;
}

async function take(file) {
  if (!file) return;
  quiet();
  if (file.size >= MOST_BYTES) {
    complain({ message: `${file.name} is too large: a document has less than 1 MiB.` });
    return;
  }
  setText(await file.text());
  say(`${file.name} is loaded.`);
}

function setText(text) {
  $("text").value = text.replace(/^\uFEFF/, "");
  $("published").replaceChildren();
  check();
}

function addClaim(key = "", value = "") {
  const row = copyOf("claim-row"), [name, held] = row.querySelectorAll("input");
  [name.value, held.value] = [key, value];
  row.querySelector("button").addEventListener("click", () => {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (near?.querySelector("button") ?? $("claim-add")).focus();
    showChips();
  });
  $("claim-list").append(row);
  return name;
}

function addClaims(claims) {
  for (const [key, value] of Object.entries(claims)) for (const one of [value].flat()) addClaim(key, String(one));
  $("claims").open = true;
  showChips();
}

function claimsGiven() {
  const claims = new Map();
  for (const row of $("claim-list").children) {
    const [key, value] = [...row.querySelectorAll("input")].map((input) => input.value.trim());
    if (key) claims.set(key, [...(claims.get(key) ?? []), value]);
  }
  return Object.fromEntries([...claims].map(([key, values]) => [key, values.length === 1 ? values[0] : values]));
}

/** The caller's own claims, to be added by one press. */
function showChips() {
  const given = claimsGiven();
  const own = Object.entries(me.claims).flatMap(([key, value]) => [value].flat().map((one) => [key, one]));
  const left = own.filter(([key, value]) => ![given[key] ?? []].flat().includes(value));
  $("claim-chips").replaceChildren(...left.map(([key, value]) => el("button", {
    type: "button", class: "chip", "aria-label": `Add the claim ${key}: ${value}`,
    onclick: () => { addClaim(key, value); showChips(); ($("claim-chips").querySelector("button") ?? $("claim-add")).focus(); },
  }, `${key}: ${value}`)));
}

async function publish() {
  quiet();
  const found = await check();
  if (!$("text").value.trim()) {
    $("text").focus();
    throw new Refusal(0, "There is no document yet: paste one, or choose a file.");
  }
  if (!found) return;
  if (found.issues.some((one) => one.severity === "error")) {
    $("issues").querySelector(".error button").focus();
    return;
  }
  const claims = claimsGiven();
  if (manages() && me.claimsNeeded && !Object.keys(claims).length) {
    $("claims").open = true;
    ($("claim-chips").querySelector("button") ?? $("claim-add")).focus();
    throw new Refusal(0, "Say whose it is: this registry asks for at least one claim.");
  }
  if (manages()) await ask("POST", "v1/entries", `{"${found.kind}":${found.text}${Object.keys(claims).length ? `,"claims":${JSON.stringify(claims)}` : ""}}`);
  else await ask("POST", `${$("publish-registry").value ? apiOf($("publish-registry").value) : "v0.1/"}publish`, found.text);
  showPublished(found);
}

function showPublished(found) {
  const { kind, value } = found, name = nameOf(found), version = String(value.version);
  const shownIn = homes();
  const home = shownIn.find((one) => open.has(one.name)) ?? shownIn[0];
  const links = [];
  if (home && open.has(home.name)) {
    links.push(pageLink(home.name, kind, name), link(documentOf(home.name, kind, name, version), "Its JSON"));
  }
  if (home) links.push(el("a", { href: hashOf("entry", home.name, kind, name) }, "Its versions"));
  $("published").replaceChildren(
    el("p", {}, "Published ", el("b", {}, el("bdi", {}, `${name} ${version}`)), facts.catalog ? ". Pages follow within seconds." : "."),
    el("p", { class: "links" }, ...links));
  showIssues({ issues: [] }, "");
}

/* Entries */

let finding = 0;
let cursor = "";
let lastSearch = null;

function sought() {
  return [$("find-registry").value || registries[0]?.name, $("find-kind").value, $("query").value.trim()];
}

async function find({ more = false } = {}) {
  const mine = ++finding, [registry, kind, search] = sought();
  if (!registry) {
    $("found").textContent = "There is no registry that you may look at.";
    return;
  }
  const query = new URLSearchParams({ limit: PAGE });
  if (search) query.set("search", search);
  if (kind === "server") query.set("include_deleted", "true");
  if (more) query.set("cursor", cursor);
  const path = kind === "server" ? "servers" : `x/dev.toolhive/${PLURALS[kind]}`;
  try {
    const answer = await ask("GET", `${apiOf(registry)}${path}?${query}`);
    if (mine !== finding) return;
    cursor = answer.metadata?.nextCursor ?? "";
    showHits(registry, kind, answer[PLURALS[kind]], more);
  } catch (error) {
    if (mine !== finding || !me) return;
    $("hits").replaceChildren();
    $("more").hidden = true;
    $("found").textContent = error.message;
  }
}

function plainOf(kind, item) {
  const value = kind === "server" ? item.server : item;
  const official = item._meta?.[OFFICIAL] ?? {};
  const name = kind === "server" ? value.name : `${value.namespace}/${value.name}`;
  return {
    kind, name, value, version: String(value.version), title: value.title || name.slice(name.indexOf("/") + 1),
    about: value.description ?? "", status: String(official.status ?? value.status ?? "active").toLowerCase(), latest: Boolean(official.isLatest),
    message: official.statusMessage ?? "", published: official.publishedAt, updated: official.updatedAt,
  };
}

/** Versions come in the order of names: those of one name become one hit. */
function showHits(registry, kind, items, more) {
  const list = $("hits");
  if (!more) list.replaceChildren();
  const before = list.children.length;
  for (const item of items) {
    const entry = plainOf(kind, item);
    const last = list.lastElementChild;
    const hit = last?.dataset.name === entry.name ? last : list.appendChild(el("li", { "data-name": entry.name }));
    const count = Number(hit.dataset.count ?? 0) + 1;
    hit.dataset.count = count;
    if (hit.dataset.latest) {
      hit.querySelector(".count").textContent = words(count, "version");
      continue;
    }
    if (entry.latest || kind !== "server") hit.dataset.latest = "yes";
    hit.replaceChildren(
      el("div", {},
        el("h2", {}, el("a", { href: hashOf("entry", registry, kind, entry.name) }, el("bdi", {}, entry.title)), " ",
          entry.status === "active" ? "" : mark(entry.status, entry.status === "deleted" ? "bad" : "warn")),
        el("p", { class: "name" }, entry.name), el("p", { class: "about", dir: "auto" }, entry.about)),
      el("p", { class: "small" }, el("bdi", { class: "version" }, entry.version), kind === "server" ? el("span", { class: "count" }, words(count, "version")) : ""));
  }
  $("more").hidden = !cursor;
  const count = list.children.length;
  $("found").textContent = count ? `${count} ${count === 1 ? "entry" : "entries"}${cursor ? ", and more" : ""}` : "Nothing is found.";
  if (more) list.children[before]?.querySelector("a").focus();
}

/* One entry */

let shownEntry = null;

async function loadEntry(registry, kind, name) {
  $("entry-title").textContent = name.slice(name.indexOf("/") + 1);
  show("entry");
  $("entry-name").textContent = name;
  $("back").href = hashOf("entries", ...(lastSearch ?? [registry, kind, ""]));
  for (const id of ["entry-about", "entry-links", "versions"]) $(id).replaceChildren();
  $("all-versions").hidden = true;
  await renewEntry(registry, kind, name);
}

async function renewEntry(registry, kind, name) {
  const asked = location.hash;
  let items = [];
  try {
    items = (await ask("GET", `${apiOf(registry)}${pathOf(kind, name)}/versions${kind === "server" ? "?include_deleted=true" : ""}`))[PLURALS[kind]];
  } catch (error) {
    if (me && error.status !== 404) complain(error);
  }
  // Meanwhile somebody may have signed out or gone elsewhere.
  if (!me || asked !== location.hash) return;
  const versions = items.map((item) => plainOf(kind, item));
  const first = versions.find((one) => one.latest) ?? versions[0];
  shownEntry = { registry, kind, name, versions };
  $("entry-title").textContent = first?.title ?? name;
  $("entry-about").textContent = first?.about ?? "There is no version of this name, or none that you see.";
  show("entry");
  const isPublic = open.has(registry) && versions.some((one) => one.status !== "deleted");
  $("entry-links").replaceChildren(isPublic ? pageLink(registry, kind, name) : "");
  $("all-versions").hidden = versions.length < 2 || !restates(kind, name);
  $("versions").replaceChildren(...versions.map(versionRow));
}

function versionRow(version) {
  const { registry, kind, name } = shownEntry;
  const label = (verb) => `${verb} ${version.version}`;
  const isPublic = open.has(registry) && version.status !== "deleted";
  return el("li", {},
    el("div", {},
      el("h3", {}, isPublic ? link(documentOf(registry, kind, name, version.version), el("bdi", {}, version.version)) : el("bdi", {}, version.version),
        version.latest ? mark("latest") : "",
        mark(version.status, { active: "good", deleted: "bad" }[version.status] ?? "warn")),
      el("p", { class: "small" }, "published ", timeOf(version.published), version.updated === version.published ? "" : [", changed ", timeOf(version.updated)]),
      version.message ? el("p", { class: "said", dir: "auto" }, version.message) : ""),
    el("p", { class: "actions" },
      publishes() ? el("button", { type: "button", "aria-label": label("Draft from"), onclick: () => draft(version) }, "Draft") : "",
      restates(kind, name) ? el("button", { type: "button", "aria-label": label("Change status of"), onclick: () => askStatus(version) }, "Change status") : "",
      manages() ? el("button", { type: "button", class: "danger", "aria-label": label("Delete"), onclick: () => askDelete(version) }, "Delete") : ""));
}

async function draft(version) {
  const { kind, name } = shownEntry;
  const { _meta, ...plain } = version.value;
  const kept = kind === "server" ? version.value : plain;
  $("claim-list").replaceChildren();
  if (manages()) {
    try {
      addClaims((await ask("GET", `v1/entries/${kind}/${encodeURIComponent(name)}/claims`)).claims);
    } catch { /* it is another source's: it has none here */ }
  }
  $("kind").value = kind;
  setText(JSON.stringify(kept, null, 2));
  location.hash = "#publish";
}

/* Dialogs: the answer of the registry shows where the question was */

let answering = null;

function openDialog(dialog, title, act) {
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector(".problem").textContent = "";
  answering = act;
  dialog.showModal();
}

for (const dialog of document.querySelectorAll("dialog")) {
  const problem = dialog.querySelector(".problem"), button = dialog.querySelector("[type=submit]");
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    problem.textContent = "";
    once(button, async () => {
      const done = await answering();
      dialog.close();
      const { registry, kind, name } = shownEntry;
      await renewEntry(registry, kind, name);
      $("entry-title").focus();
      say(done);
    }, (error) => {
      problem.replaceChildren(error.message, reasonsOf(error));
      if (document.activeElement !== button) dialog.querySelector("input:not([type=radio]), input:checked").focus();
    });
  });
}

function askStatus(version) {
  const { registry, kind, name, versions } = shownEntry;
  const dialog = $("status-dialog"), from = version ?? versions[0];
  const choices = [...dialog.querySelectorAll("[name=status]")];
  for (const one of choices) one.closest("label").hidden = one.value === "deleted" && kind !== "server";
  (choices.find((one) => one.value === from.status) ?? choices[0]).checked = true;
  $("message").value = from.message;
  settleMessage();
  openDialog(dialog, version ? `Status of ${name} ${version.version}` : `Status of all versions of ${name}`, async () => {
    const status = choices.find((one) => one.checked).value, message = $("message").value.trim();
    const base = manages() ? `${OURS}entries/${kind}/${encodeURIComponent(name)}` : `${apiOf(registry)}${pathOf(kind, name)}`;
    const path = version ? `${base}/versions/${encodeURIComponent(version.version)}/status` : `${base}/status`;
    await ask("PATCH", path, JSON.stringify({ status, ...(message && status !== "active" ? { statusMessage: message } : {}) }));
    return version ? `${name} ${version.version} is ${status} now.` : `All versions of ${name} are ${status} now.`;
  });
  choices.find((one) => one.checked).focus();
}

function settleMessage() {
  $("message").disabled = document.querySelector("[name=status]:checked").value === "active";
}

function askDelete(version) {
  const { kind, name } = shownEntry;
  $("wanted").textContent = version.version;
  $("confirmation").value = "";
  openDialog($("delete-dialog"), `Delete ${name} ${version.version}`, async () => {
    if ($("confirmation").value.trim() !== version.version) throw new Refusal(0, `Type ${version.version}, exactly.`);
    try {
      await ask("DELETE", `v1/entries/${kind}/${encodeURIComponent(name)}/versions/${encodeURIComponent(version.version)}`);
    } catch (error) {
      if (error.status === 404) error.message += " What another source supplies is deleted there.";
      throw error;
    }
    return `${name} ${version.version} is removed.`;
  });
  $("confirmation").focus();
}

/* Wiring */

on("sign-in", "submit", signIn);
on("sign-out", "click", () => location.reload());
on("sync-all", "click", (event) => sync([], event.target));
on("text", "input", typed);
on("text", "scroll", () => { $("gutter").scrollTop = $("text").scrollTop; });
on("kind", "change", check);
on("file", "change", (event) => { take(event.target.files[0]); event.target.value = ""; });
on("claim-add", "click", () => addClaim().focus());
on("claim-list", "input", showChips);
on("publish", "submit", (event) => { event.preventDefault(); once($("publish-now"), publish); });
on("publish", "dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  $("editor").classList.add("over");
});
on("publish", "dragleave", () => $("editor").classList.remove("over"));
on("publish", "drop", (event) => {
  $("editor").classList.remove("over");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
on("entries", "submit", (event) => { event.preventDefault(); seek(); });
on("query", "input", () => { clearTimeout(timer); timer = setTimeout(seek, TYPING); });
for (const id of ["find-kind", "find-registry"]) on(id, "change", seek);
on("more", "click", () => find({ more: true }));
on("all-versions", "click", () => askStatus(null));
for (const one of document.querySelectorAll("[name=status]")) one.addEventListener("change", settleMessage);
addEventListener("hashchange", () => route({ focus: true }));

/** Search, with an address that says what for. */
function seek() {
  if ($("entries").hidden) return;
  const [registry, kind, search] = sought();
  lastSearch = [registry, kind, search];
  history.replaceState(null, "", hashOf("entries", registry ?? "", kind, search));
  find();
}

async function start() {
  if (facts.entrance === "closed") {
    show("closed");
    return;
  }
  if (facts.entrance === "token") {
    show("sign-in");
    $("token").focus();
    return;
  }
  try {
    await enter();
    route();
  } catch (error) {
    $("refusal").textContent = error.message;
    show("refused");
  }
}

start();
