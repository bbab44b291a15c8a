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

/** What a list's item is called, so that it is found again wherever it stands in the other version. */
function identity(item) {
  if (!isRecord(item)) return typeof item === "string" ? item : null;
  const parts = [item.registryType ?? item.type, item.identifier ?? item.url ?? item.name ?? item.src ?? item.value];
  const text = parts.filter((part) => typeof part === "string").join(" ");
  return text || null;
}

function members(value) {
  if (isRecord(value)) return Object.entries(value).map(([key, item]) => [key, item]);
  const names = value.map(identity);
  const useful = names.every((name) => name !== null) && new Set(names).size === names.length;
  return value.map((item, position) => [`[${useful ? names[position] : position}]`, item]);
}

const isLeaf = (value) => value === null || typeof value !== "object" || Object.keys(value).length === 0;
const joined = (path, key) => (key.startsWith("[") || !path ? path + key : `${path} › ${key}`);

/** Every value of a document by its path. */
function flat(value, path = "", into = new Map()) {
  if (isLeaf(value)) into.set(path, typeof value === "string" ? value : JSON.stringify(value));
  else for (const [key, item] of members(value)) flat(item, joined(path, key), into);
  return into;
}

function differences(before, after) {
  const [old, current] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((path) => old.get(path) !== current.get(path))
    .sort()
    .map((path) => ({ path, before: old.get(path), after: current.get(path) }));
}

const side = (tag, value) => (value === undefined ? make("td") : make("td", {}, make(tag, {}, make("code", {}, value))));

function differenceTable(found, from, to) {
  const head = ["What", from, to].map((text) => make("th", { scope: "col" }, make("bdi", {}, text)));
  const body = found.map(({ path, before, after }) =>
    make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, path)), side("del", before), side("ins", after)),
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
  const [key, value = ""] = location.hash.slice(1).split("=");
  if (key !== "versions") return [];
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
  const button = make("button", { type: "button", className: "copy" }, "Copy name");
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
