/* The search of a registry, in the reader's browser: docs/search.md describes the files that it reads.
   It needs nothing else, and the page is complete without it. */

const FORMAT = 1;
/* Beginnings that names share: html/search_index.py writes them with the same characters. */
const SHARED = "#$%()*+-:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";
const PLURALS = { server: "servers", skill: "skills", plugin: "plugins" };
/* Facets by their place in a row of values; tags and registries are kept apart. */
const FACETS = ["kind", "status", "location", "package", "transport", "tier"];
const LABELS = {
  registry: "Registry", kind: "Kind", location: "Runs", package: "Package", transport: "Transport", tier: "Tier",
  status: "Status", tag: "Tags",
};
/* Places where many publish: what they share tells nobody apart. */
const FORGES = /^(?:(?:io|com)\.git(?:hub|lab)|org\.codeberg)\./;
const PAGE = 30;
const MOST_BY_SCROLLING = 150;
const SHORT_LIST = 8;
const RETRY = 800;
/* More than the entries of any registry. */
const MOST = 2 ** 22;

/** Text without case and accents. */
export function fold(text) {
  const lower = text.toLowerCase();
  return /^[\0-\x7f]*$/.test(lower) ? lower : lower.normalize("NFKD").replace(/\p{M}+/gu, "");
}

/** The words of a query; each must be found. */
export function wordsOf(query) {
  return [...new Set(fold(query).split(/\s+/).filter(Boolean))];
}

/** Everything that has been loaded: one list for each property of the entries. */
export class Index {
  constructor() {
    Object.assign(this, { names: [], lower: [], titles: [], labels: [], bare: [], forges: [], facets: [], changed: [], age: [] });
    Object.assign(this, { rows: [], rowOf: new Map(), versions: [], descriptions: [], tags: [], folded: [], parts: [] });
    this.order = null;
  }

  get size() {
    return this.names.length;
  }

  /** Take a part with names; return its parts with texts: name, first entry, number, check. */
  addNames(part, registry = 0) {
    const start = this.size;
    const values = part.values.map(([kind, ...others]) => this.row([[kind], ...others], registry));
    let namespace = "";
    for (const piece of part.names ? part.names.split(",") : []) {
      const slash = piece.indexOf("/");
      if (slash) namespace = namespace.slice(0, SHARED.indexOf(piece[0])) + piece.slice(1, slash);
      this.names.push(`${namespace}/${piece.slice(slash + 1)}`);
    }
    for (let at = start; at < this.size; at++) {
      const name = this.names[at], lower = name.toLowerCase(), slash = name.indexOf("/") + 1;
      const title = part.titles[at - start];
      this.lower.push(lower);
      this.bare.push(lower.slice(slash));
      this.forges.push(FORGES.exec(lower)?.[0].length ?? 0);
      this.titles.push(title || name.slice(slash));
      this.labels.push(title ? fold(title) : this.bare[at]);
      this.facets.push(values[part.facets[at - start]]);
      this.changed.push(part.changed[at - start]);
      this.age.push(part.age[at - start]);
    }
    this.order = null;
    let first = start;
    return part.texts.map(([name, count, check]) => ({ name, start: (first += count) - count, count, check }));
  }

  addTexts(start, part) {
    part.versions.forEach((version, number) => {
      const at = start + number;
      const tags = part.tags[number];
      this.versions[at] = version;
      this.descriptions[at] = part.descriptions[number];
      this.tags[at] = tags;
      this.folded[at] = [tags.join("\n"), part.tools[number].join("\n"), part.descriptions[number]].map(fold);
    });
  }

  /** The number of a row of values; equal ones are one. */
  row(values, registry) {
    const key = JSON.stringify([registry, values]);
    if (!this.rowOf.has(key)) {
      this.rowOf.set(key, this.rows.length);
      this.rows.push({ registry, ...Object.fromEntries(FACETS.map((facet, place) => [facet, values[place]])) });
    }
    return this.rowOf.get(key);
  }

  /** The entries by title, and each one's place in that order. */
  byTitle() {
    if (!this.order) {
      const sorted = Uint32Array.from(this.names.keys()).sort((one, other) =>
        this.labels[one] < this.labels[other] ? -1 : this.labels[one] > this.labels[other] ? 1
          : this.names[one] < this.names[other] ? -1 : 1);
      const places = new Uint32Array(sorted.length);
      sorted.forEach((at, place) => { places[at] = place; });
      this.order = { sorted, places };
    }
    return this.order;
  }

  /** How well an entry fits: 0 for its exact name, up to 8 for its description and 9 for where it is hosted; -1 where
   *  a word is missing. */
  rank(at, words, phrase) {
    const name = this.lower[at], title = this.labels[at], bare = this.bare[at];
    let worst = 0;
    for (const word of words) {
      const place = rankOf(word, title, bare, name, this.forges[at], this.folded[at]);
      if (place < 0) return -1;
      if (place > worst) worst = place;
    }
    if (worst > 5) return worst;
    if (title === phrase || bare === phrase || name === phrase) return 0;
    return title.startsWith(phrase) || bare.startsWith(phrase) || name.startsWith(phrase) ? 1 : worst;
  }

  /**
   * Find what fits.
   * @param state query, sort, and wanted values by facet: Map of Sets; `registry` has numbers.
   * @returns hits in their order, and for each facet the number of hits by value, as if it were not narrowed itself.
   */
  search({ query = "", sort = "", wanted = new Map() } = {}) {
    const words = wordsOf(query), phrase = fold(query).trim(), { sorted, places } = this.byTitle();
    const facets = ["registry", ...FACETS];
    /* Per row of values: which facets refuse it; an entry is a hit where none does. */
    const refused = this.rows.map((row) => facets.filter((facet) => {
      const values = wanted.get(facet);
      return values?.size && !(facet === "registry" ? values.has(row.registry) : row[facet].some((one) => values.has(one)));
    }));
    const tags = wanted.get("tag"), numbers = new Uint32Array(this.rows.length), tagNumbers = new Map();
    const keys = new Float64Array(this.size);
    let found = 0;
    for (let at = 0; at < this.size; at++) {
      const row = this.facets[at];
      if (refused[row].length > 1) continue;
      const rank = words.length ? this.rank(at, words, phrase) : 0;
      if (rank < 0) continue;
      const tagged = !tags?.size || this.tags[at]?.some((tag) => tags.has(tag));
      if (tagged) numbers[row]++;
      if (refused[row].length) continue;
      for (const tag of this.tags[at] ?? []) tagNumbers.set(tag, (tagNumbers.get(tag) ?? 0) + 1);
      if (tagged) keys[found++] = this.sortKey(at, rank, sort) * MOST + places[at];
    }
    const counts = new Map([["tag", tagNumbers]]);
    for (const facet of facets) counts.set(facet, this.countsOf(facet, numbers, refused));
    return { hits: Array.from(keys.subarray(0, found).sort(), (key) => sorted[key % MOST]), counts };
  }

  /** A number by which hits are sorted; equal ones follow their titles. */
  sortKey(at, rank, sort) {
    if (sort === "name") return 0;
    if (sort === "newest") return 1e5 - this.changed[at] + this.age[at];
    if (sort === "updated") return 1e5 - this.changed[at];
    return rank * 2 + (this.rows[this.facets[at]].status[0] === "active" ? 0 : 1);
  }

  countsOf(facet, numbers, refused) {
    const counted = new Map();
    this.rows.forEach((row, number) => {
      if (!numbers[number] || refused[number].some((other) => other !== facet)) return;
      for (const value of facet === "registry" ? [row.registry] : row[facet]) {
        counted.set(value, (counted.get(value) ?? 0) + numbers[number]);
      }
    });
    return counted;
  }
}

function rankOf(word, title, bare, name, forge, folded) {
  if (startsWord(title, word) || startsWord(bare, word)) return 2;
  if (startsWord(name, word, forge)) return 3;
  if (title.includes(word) || bare.includes(word)) return 4;
  if (name.lastIndexOf(word) + word.length > forge && name.includes(word)) return 5;
  return (folded && [6, 7, 8].find((place) => folded[place - 6].includes(word))) || (name.includes(word) ? 9 : -1);
}

/** Whether a word of a text begins with another; not where that ends before a place. */
function startsWord(text, word, before = 0) {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if ((!at || !inWord(text, at - 1)) && at + word.length > before) return true;
  }
  return false;
}

function inWord(text, at) {
  const code = text.charCodeAt(at);
  return code < 128 ? (code > 96 && code < 123) || (code > 47 && code < 58) : /[\p{L}\p{N}]/u.test(text[at]);
}

/** A text as nodes, with marks around the words that were looked for. */
function marked(text, words) {
  const folded = fold(text);
  /* Where letters became more or fewer, places in one text are not those of the other. */
  if (folded.length !== text.length) return [text];
  const nodes = [];
  let done = 0;
  for (let at = 0; at < text.length;) {
    const word = words.filter((one) => folded.startsWith(one, at)).sort((one, other) => other.length - one.length)[0];
    if (word) {
      const mark = document.createElement("mark");
      mark.textContent = text.slice(at, at + word.length);
      nodes.push(text.slice(done, at), mark);
      done = at + word.length;
    }
    at += word?.length ?? 1;
  }
  return [...nodes, text.slice(done)];
}

/** CRC-32 of a name, of which its colour is made. */
export function crc32(text) {
  let sum = -1;
  for (const byte of new TextEncoder().encode(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ -1) >>> 0;
}

/** Loads the index of one registry, part by part, and says so. */
class Loader {
  constructor(address, index, registry, changed) {
    Object.assign(this, { address, index, registry, changed, texts: [], failed: [], names: "", wanted: false, open: 0 });
  }

  /** Names first; texts too once they are wanted. */
  async load() {
    if (this.names) return;
    this.names = "loading";
    await this.attempt(async (cache) => {
      const root = await read(this.address, cache);
      if (root.format !== FORMAT) throw new Error("unknown format");
      await Promise.all(root.names.map((name) => this.attempt(async (again) => {
        const part = await read(new URL(`names-${name}.json`, this.address), again);
        this.texts.push(...this.index.addNames(part, this.registry));
        this.changed();
      })));
    });
    this.names = "loaded";
    this.changed();
    if (this.wanted) this.loadTexts();
  }

  async loadTexts(first = new Set()) {
    this.wanted = true;
    if (this.names !== "loaded") return;
    /* What is on the screen comes first. */
    const parts = this.texts.splice(0).sort((one, other) => overlap(other, first) - overlap(one, first));
    await Promise.all(parts.map((part) => this.attempt(async (cache) => {
      const texts = await read(new URL(`texts-${part.name}.json`, this.address), cache);
      if (texts.check !== part.check || texts.versions.length !== part.count) throw new Error("of another build");
      this.index.addTexts(part.start, texts);
      this.changed();
    })));
    this.changed();
  }

  /** Do something that may fail: once more after a while, past all caches; then it waits for the reader. */
  async attempt(work) {
    this.open++;
    try {
      await work("default").catch(async () => {
        await new Promise((done) => setTimeout(done, RETRY));
        await work("reload");
      });
    } catch {
      this.failed.push(work);
      this.changed();
    } finally {
      this.open--;
    }
  }

  async retry() {
    await Promise.all(this.failed.splice(0).map((work) => this.attempt(work)));
    this.changed();
    if (this.wanted) this.loadTexts();
  }
}

function overlap(part, entries) {
  let count = 0;
  for (const at of entries) if (at >= part.start && at < part.start + part.count) count++;
  return count;
}

async function read(address, cache) {
  const response = await fetch(address, { cache });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

/** The form, its results and the address of the page. */
class Search {
  constructor(form) {
    const find = (selector) => document.querySelector(selector);
    Object.assign(this, { form, box: form.elements.q, results: find("#results"), browse: find("#browse") });
    Object.assign(this, { list: find("#hits"), more: find("#more"), found: find("#found"), failed: find("#failed") });
    Object.assign(this, { filters: find("#filters"), every: find("#every"), index: new Index(), hits: [], limit: PAGE, opened: new Set() });
    this.title = document.title;
    const scopes = [...form.querySelectorAll("[data-scope]")];
    this.scopes = scopes.map((link) => ({ name: link.textContent, home: link.href, current: link.ariaCurrent === "true" }));
    this.here = Math.max(this.scopes.findIndex((scope) => scope.current), 0);
    const home = new URL(form.getAttribute("action"), document.baseURI).href;
    const index = new URL(form.dataset.index, document.baseURI).href;
    if (!this.scopes.length) this.scopes = [{ name: "", home, current: true }];
    this.loaders = this.scopes.map((scope, number) =>
      new Loader(scope.home + index.slice(home.length), this.index, number, () => this.schedule()));
    this.listen();
    this.readAddress();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write(true);
      this.render();
      this.list.querySelector("a")?.focus();
    });
    for (const sign of ["focus", "pointerenter"]) this.box.addEventListener(sign, () => this.load());
    this.box.addEventListener("input", () => this.change(!this.active));
    this.form.addEventListener("change", (event) => {
      if (event.target !== this.box) this.change(true);
    });
    this.form.addEventListener("click", (event) => {
      const facet = event.target.dataset?.more;
      if (!facet) return;
      this.opened.add(facet);
      this.render();
    });
    this.more.addEventListener("click", () => this.extend());
    this.failed.querySelector("button").addEventListener("click", () => this.loaders.forEach((loader) => loader.retry()));
    addEventListener("popstate", () => this.readAddress());
    document.addEventListener("keydown", (event) => this.key(event));
    new IntersectionObserver((seen) => {
      if (seen[0].isIntersecting && this.limit < MOST_BY_SCROLLING) this.extend();
    }, { rootMargin: "300px" }).observe(this.more);
    matchMedia("(min-width: 60rem)").addEventListener("change", (event) => { this.filters.open = event.matches; });
    this.filters.open = matchMedia("(min-width: 60rem)").matches;
  }

  /** Wanted values by facet, as the form or the address has them; the registry of the page goes without saying. */
  wantedOf(pairs) {
    const wanted = new Map();
    for (const [name, value] of pairs) {
      if (Object.hasOwn(LABELS, name) && value) wanted.set(name, (wanted.get(name) ?? new Set()).add(value));
    }
    if (wanted.get("registry")?.size === 1 && wanted.get("registry").has(this.scopes[this.here].name)) wanted.delete("registry");
    return wanted;
  }

  readAddress() {
    const given = new URLSearchParams(location.search);
    this.wanted = this.wantedOf(given);
    this.box.value = given.get("q") ?? "";
    this.form.elements.sort.value = given.get("sort") ?? "";
    if (this.form.elements.sort.selectedIndex < 0) this.form.elements.sort.value = "";
    this.active = Boolean(this.box.value.trim() || this.wanted.size || given.get("sort"));
    this.limit = Math.max(history.state?.limit ?? 0, PAGE);
    if (this.active) this.load();
    this.render();
  }

  /** Follow the form. A step of its own in the history is one that the reader would go back from. */
  change(step) {
    this.wanted = this.wantedOf(new FormData(this.form));
    this.limit = PAGE;
    this.write(step);
    this.load();
    this.schedule();
  }

  write(step) {
    const address = new URL(location.href);
    const pairs = new URLSearchParams();
    if (this.box.value.trim()) pairs.set("q", this.box.value.trim());
    for (const [facet, values] of this.wanted) {
      for (const value of values) pairs.append(facet, value);
    }
    if (this.form.elements.sort.value) pairs.set("sort", this.form.elements.sort.value);
    this.active = pairs.size > 0;
    address.search = pairs;
    if (address.href === location.href) return;
    history[step ? "pushState" : "replaceState"]({ limit: this.limit }, "", address);
  }

  /** Numbers of the registries that are searched. */
  get searched() {
    const names = this.wanted.get("registry");
    const numbers = this.scopes.map((_, number) => number).filter((number) => names?.has(this.scopes[number].name));
    return new Set(numbers.length ? numbers : [this.here]);
  }

  load() {
    for (const number of this.searched) {
      this.loaders[number].load();
      if (this.active) this.loaders[number].loadTexts(new Set(this.hits.slice(0, this.limit)));
    }
  }

  /** Render soon, and not for every part that arrives. */
  schedule() {
    const ready = [...this.searched].every((number) => this.loaders[number].names === "loaded");
    if (ready) {
      clearTimeout(this.timer);
      this.timer = 0;
      this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.render(); });
    } else {
      this.timer ||= setTimeout(() => { this.timer = 0; this.render(); }, 250);
    }
  }

  render() {
    this.results.hidden = !this.active;
    document.title = this.box.value.trim() ? `${this.box.value.trim()} · ${this.title}` : this.title;
    this.browse.hidden = this.active;
    this.every.hidden = this.active;
    if (!this.active) {
      /* What can be done before the first key is. */
      this.index.byTitle();
      return;
    }
    const searched = this.searched;
    const { hits, counts } = this.index.search({
      query: this.box.value, sort: this.form.elements.sort.value, wanted: new Map([...this.wanted, ["registry", searched]]),
    });
    const loaders = [...searched].map((number) => this.loaders[number]);
    this.failed.hidden = !loaders.some((loader) => loader.failed.length);
    this.say(hits.length, loaders);
    this.facets(counts);
    this.showHits(hits);
    for (const loader of loaders) if (loader.names === "loaded" && loader.texts.length) this.load();
  }

  say(number, loaders) {
    const names = loaders.some((loader) => loader.names !== "loaded");
    const rest = loaders.some((loader) => loader.open);
    const results = `${number.toLocaleString("en")} ${number === 1 ? "result" : "results"}`;
    const text = names && !number ? "Searching…" : !number && !rest ? "Nothing found" : results;
    if (this.found.textContent !== text) this.found.textContent = text;
    this.found.dataset.loading = rest ? "texts" : "";
  }

  showHits(hits) {
    const shown = hits.slice(0, this.limit);
    const key = JSON.stringify([this.box.value, shown, shown.map((at) => at in this.index.versions)]);
    this.more.hidden = hits.length <= this.limit;
    this.hits = hits;
    if (key === this.shown) return;
    this.shown = key;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.href : "";
    this.list.replaceChildren(...shown.map((at) => this.hit(at)));
    if (focused) ([...this.list.querySelectorAll("a")].find((link) => link.href === focused) ?? this.box).focus();
  }

  extend() {
    this.limit += PAGE;
    history.replaceState({ limit: this.limit }, "", location.href);
    this.showHits(this.hits);
  }

  hit(at) {
    const index = this.index, row = index.rows[index.facets[at]], name = index.names[at], title = index.titles[at];
    const made = document.querySelector("#hit").content.cloneNode(true);
    const words = wordsOf(this.box.value);
    const fill = (selector, text, found = false) => {
      const element = made.querySelector(selector);
      element.replaceChildren(...(found && text ? marked(text, words) : [text ?? ""]));
      element.hidden = !text;
    };
    const icon = made.querySelector(".icon");
    icon.textContent = (title.match(/[\p{L}\p{N}]/u)?.[0] ?? "?").toUpperCase();
    icon.classList.add(`hue-${crc32(name) % 12}`);
    const path = `${PLURALS[row.kind[0]]}/${name.split("/").map(encodeURIComponent).join("/")}/`;
    made.querySelector("a").href = this.scopes[row.registry].home + path;
    fill("[data-title]", title, true);
    fill("[data-kind]", row.kind[0] === "server" ? "" : row.kind[0]);
    fill("[data-status]", row.status[0] === "active" ? "" : row.status[0]);
    fill("[data-registry]", this.searched.size > 1 ? this.scopes[row.registry].name : "");
    fill(".name", name, true);
    fill(".about", index.descriptions[at], true);
    fill("[data-version]", index.versions[at]);
    /* The line is kept free for the text that is on its way. */
    if (!(at in index.versions)) made.querySelector(".about").hidden = false;
    fill("time", new Date(index.changed[at] * 864e5).toISOString().slice(0, 10));
    return made;
  }

  facets(counts) {
    const focused = document.activeElement;
    const key = focused?.type === "checkbox" ? [focused.name, focused.value] : focused?.dataset?.more ? [focused.dataset.more] : [];
    const made = Object.keys(LABELS).map((facet) => this.facet(facet, counts.get(facet))).filter(Boolean);
    const place = this.filters.querySelector("div");
    place.replaceChildren(...made);
    const chosen = [...this.wanted.values()].reduce((sum, values) => sum + values.size, 0);
    this.filters.querySelector("summary").textContent = chosen ? `Filters (${chosen})` : "Filters";
    if (key.length) {
      const inputs = [...place.querySelectorAll("input")].filter((input) => input.name === key[0]);
      (key.length > 1 ? inputs.find((input) => input.value === key[1]) : inputs[SHORT_LIST] ?? inputs[0])?.focus();
    }
  }

  facet(facet, counts) {
    const wanted = this.wanted.get(facet) ?? new Set();
    let rows;
    if (facet === "registry") {
      if (this.scopes.length < 2) return null;
      const searched = this.searched;
      rows = this.scopes.map(({ name }, number) => [name, counts.get(number) ?? (searched.has(number) ? 0 : ""), searched.has(number)]);
    } else {
      for (const value of wanted) if (!counts.has(value)) counts.set(value, 0);
      rows = [...counts].map(([value, count]) => [value, count, wanted.has(value)]);
      rows.sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
      /* What does not tell hits apart is no choice. */
      if (!wanted.size && (rows.length < 2 && facet !== "tag" && facet !== "tier" || !rows.length)) return null;
    }
    const made = document.querySelector("#facet").content.cloneNode(true);
    made.querySelector("legend").textContent = LABELS[facet];
    const all = this.opened.has(facet) || rows.length <= SHORT_LIST + 1;
    const kept = all ? rows.slice(0, 300) : rows.filter((row, place) => place < SHORT_LIST || row[2]);
    made.querySelector("ul").append(...kept.map(([value, count, on]) => choice(facet, value, count, on)));
    const button = made.querySelector("button");
    button.hidden = all;
    button.dataset.more = facet;
    button.setAttribute("aria-label", `More: ${LABELS[facet]}`);
    return made;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      this.box.focus();
      this.box.select();
    } else if (event.key === "Escape" && this.active && (event.target === this.box || this.results.contains(event.target))) {
      event.preventDefault();
      if (event.target === this.box) {
        this.form.reset();
        this.box.value = "";
        this.wanted = new Map();
        this.write(true);
        this.render();
      } else this.box.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.move(event);
  }

  move(event) {
    const links = [...this.list.querySelectorAll("a")];
    const place = links.indexOf(event.target);
    if (place < 0 && !(event.target === this.box && event.key === "ArrowDown") || this.results.hidden) return;
    event.preventDefault();
    const next = place + (event.key === "ArrowDown" ? 1 : -1);
    if (next === links.length && !this.more.hidden) {
      this.extend();
      links.splice(0, Infinity, ...this.list.querySelectorAll("a"));
    }
    const target = next < 0 ? this.box : links[next];
    target?.focus();
    target?.closest("li")?.scrollIntoView({ block: "nearest" });
  }
}

function choice(facet, value, count, on) {
  const made = document.querySelector("#choice").content.cloneNode(true);
  const input = made.querySelector("input");
  input.name = facet;
  input.value = value;
  input.checked = on;
  made.querySelector("bdi").textContent = value;
  made.querySelector(".count").textContent = count === "" ? "" : count.toLocaleString("en");
  return made;
}

const form = globalThis.document?.querySelector("#search");
if (form) new Search(form);
