// Versions of an entry on its page: any of them as text, the differences between two, and a button that copies the name.
// The page is complete without it. Documents are read from the page's own links, and only when somebody asks.

const section = document.querySelector(".versions");
const rows = [...(section?.querySelectorAll("tbody tr") ?? [])];
// Newest first; a deleted version has no document.
const versions = rows
  .map((row) => ({ row, name: row.querySelector("th bdi").textContent, href: row.querySelector("a")?.href }))
  .filter((version) => version.href);
const found = (name) => versions.find((version) => version.name === name);

/** Make an element; every text becomes a text node, never markup. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const documents = new Map();

/** The publisher's part of a version: without what the registry adds. */
async function load(version) {
  if (!documents.has(version.href)) {
    const response = await fetch(version.href);
    if (!response.ok) throw new Error(`the host answers ${response.status}`);
    const body = await response.json();
    const own = isRecord(body.server) ? body.server : body;
    if (isRecord(own._meta)) delete own._meta["io.modelcontextprotocol.registry/official"];
    documents.set(version.href, own);
  }
  return documents.get(version.href);
}

// Differences

/** Where the publisher's own metadata stands in every document. */
const PUBLISHER = "_meta › io.modelcontextprotocol.registry/publisher-provided";

const isLeaf = (value) => value === undefined || value === null || typeof value !== "object";
const shownValue = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const stripped = (text) => text?.replace(/(:[^/:@]+)?(@sha256:\w+)?$/, "");

/** Ways to call a list's items so that each is found again in the other version, wherever it stands; best first. */
const namings = [
  (item) => (isRecord(item) ? (item.name ?? item.registryType ?? item.type) : shownValue(item)),
  (item) => `${item?.registryType ?? item?.type} ${stripped(item?.identifier ?? item?.url ?? item?.valueHint ?? item?.value)}`,
  (item) => shownValue(item),
];

function named(items, name) {
  const found = new Map(items.map((item) => [name(item), item]));
  return found.size === items.length && !found.has(undefined) ? found : null;
}

/** The members of two lists by a name that both can use; by position where there is none. */
function paired(before, after) {
  for (const name of namings) {
    const [old, current] = [named(before, name), named(after, name)];
    if (old && current) return [old, current];
  }
  return [new Map(before.entries()), new Map(after.entries())];
}

/** The members of two objects; keys that name an image or address are the same whatever its tag. */
function keyed(before, after) {
  const sides = [before, after].map((value) => {
    const found = new Map(Object.entries(value).map(([key, item]) => [key.includes("/") ? stripped(key) : key, item]));
    return found.size === Object.keys(value).length ? found : null;
  });
  return sides.every(Boolean) ? sides : [before, after].map((value) => new Map(Object.entries(value)));
}

/** Every value that differs, with its path: what was there before, what is there after. */
function differences(before, after, path = "") {
  if (isLeaf(before) && isLeaf(after)) return before === after ? [] : [{ path, before, after }];
  if (!isLeaf(before) && !isLeaf(after) && Array.isArray(before) !== Array.isArray(after)) {
    return [...differences(before, undefined, path), ...differences(undefined, after, path)];
  }
  const isList = Array.isArray(isLeaf(before) ? after : before);
  const empty = isList ? [] : {};
  const [old, current] = [isLeaf(before) ? empty : before, isLeaf(after) ? empty : after];
  const [a, b] = isList ? paired(old, current) : keyed(old, current);
  const place = (key) => (isList ? `${path}[${key}]` : path ? `${path} › ${key}` : key);
  const inner = [...new Set([...a.keys(), ...b.keys()])].sort();
  const found = inner.flatMap((key) => differences(a.get(key), b.get(key), place(key)));
  if (isLeaf(before) && before !== undefined) found.push({ path, before, after: undefined });
  if (isLeaf(after) && after !== undefined) found.push({ path, before: undefined, after });
  return found;
}

const side = (tag, value) => (value === undefined ? make("td") : make("td", {}, make(tag, {}, make("code", {}, shownValue(value)))));

function differenceTable(found, from, to) {
  const head = ["What", from, to].map((text) => make("th", { scope: "col" }, make("bdi", {}, text)));
  const body = found.map(({ path, before, after }) =>
    make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, path.replace(PUBLISHER, "_meta"))), side("del", before), side("ins", after)),
  );
  return make("table", { className: "diff" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
}

// What the address asks for: #versions=1.0.0 is one version, #versions=1.0.0,2.0.0 what changed from one to the other.

const panel = make("div", { className: "shown", hidden: true });
const status = make("p", { className: "small" });
status.setAttribute("role", "status");
const content = make("div");
let asked = 0;

function wanted() {
  const [key, value] = location.hash.slice(1).split("=");
  if (key !== "versions" || !value) return [];
  try {
    return value.split(",").map(decodeURIComponent);
  } catch {
    return [];
  }
}

const address = (...names) => `#versions=${names.map((name) => encodeURIComponent(name)).join(",")}`;

async function show() {
  const mine = ++asked;
  const names = wanted();
  panel.hidden = names.length === 0;
  content.replaceChildren();
  if (!names.length) return;
  const chosen = names.map(found);
  const [from, to] = [chosen[0], chosen[1] ?? chosen[0]];
  if (chosen.length > 2 || chosen.includes(undefined)) {
    status.textContent = "There is no such version.";
    return;
  }
  [older.value, newer.value] = [from.name, to.name];
  status.textContent = "Loading …";
  try {
    const [before, after] = await Promise.all([load(from), load(to)]);
    if (mine !== asked) return;
    if (from === to) {
      status.textContent = `Version ${to.name}`;
      const text = make("pre", { tabIndex: 0 }, make("code", {}, JSON.stringify(after, null, 2)));
      text.setAttribute("role", "region");
      text.setAttribute("aria-label", `Version ${to.name}`);
      content.replaceChildren(text);
    } else {
      const changes = differences(before, after);
      status.textContent = changes.length
        ? `${changes.length} ${changes.length === 1 ? "difference" : "differences"} from ${from.name} to ${to.name}`
        : `No differences between ${from.name} and ${to.name}.`;
      if (changes.length) content.replaceChildren(differenceTable(changes, from.name, to.name));
    }
  } catch (error) {
    if (mine === asked) status.textContent = `The versions could not be read: ${error.message}.`;
  }
}

function chooser(label) {
  const options = versions.map(({ name }) => make("option", { value: name }, name));
  const select = make("select", {}, ...options);
  return { select, field: make("label", {}, `${label} `, select) };
}

const { select: older, field: olderField } = chooser("From");
const { select: newer, field: newerField } = chooser("to");

function addControls() {
  if (!versions.length) return;
  for (const [position, { row, name }] of versions.entries()) {
    const cell = row.lastElementChild;
    const before = versions[position + 1];
    cell.append(" ", make("a", { href: address(name) }, "Show"));
    if (before) cell.append(" ", make("a", { href: address(before.name, name) }, "Changes"));
  }
  const close = make("a", { href: "#versions" }, "Close");
  const choose = make("form", { className: "choose" }, olderField, newerField, close);
  choose.addEventListener("submit", (event) => event.preventDefault());
  choose.addEventListener("change", () => {
    location.hash = older.value === newer.value ? address(newer.value) : address(older.value, newer.value);
  });
  panel.append(choose, status, content);
  section.querySelector("h2").after(panel);
  addEventListener("hashchange", async () => {
    await show();
    if (!panel.hidden) panel.scrollIntoView({ block: "nearest" });
  });
  show().then(() => panel.hidden || panel.scrollIntoView());
}

function addCopy() {
  const name = document.querySelector(".title .name");
  if (!name || !navigator.clipboard) return;
  const text = name.textContent;
  const said = make("span", { className: "small" });
  said.setAttribute("role", "status");
  const button = make("button", { type: "button", className: "copy-name" }, "Copy name");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied";
    } catch {
      said.textContent = "Select the name to copy it";
    }
    setTimeout(() => said.replaceChildren(), 4000);
  });
  name.append(" ", button, " ", said);
}

addControls();
addCopy();
