// The configuration of each client, made in the browser from the launches that the page carries
// (regpress/install/encode.py says what is in them). Values that a reader types go into the snippets and nowhere else.

// What is known about clients. Add or correct one here; docs/install.md has the sources.
export const CHECKED = "2026-11-25";

// form: the format of the configuration; root: the member that holds servers; file: where it lies;
// stdio, http, sse: members of a server by transport, absent where the client does not have the transport;
// env: how a value names an environment variable, absent where the client reads values as they are;
// input: whether the client asks for values itself; environment: whether it reads values from the reader's environment;
// link: an address that installs; note: where it takes secrets from.
export const CLIENTS = [
  { id: "vscode", name: "VS Code", form: "json", root: "servers", full: true, input: true, link: "vscode",
    file: ".vscode/mcp.json, or the command “MCP: Open User Configuration”",
    stdio: { type: "stdio" }, http: { type: "http" }, sse: { type: "sse" },
    note: "VS Code asks for what is missing and keeps secrets in its own store." },
  { id: "visual-studio", name: "Visual Studio", form: "json", root: "servers", input: true,
    file: ".mcp.json beside the solution, or %USERPROFILE%\\.mcp.json",
    stdio: { type: "stdio" }, http: { type: "http" }, sse: { type: "sse" } },
  { id: "cursor", name: "Cursor", form: "json", root: "mcpServers", environment: true, env: "${env:*}", link: "cursor",
    file: "~/.cursor/mcp.json, or .cursor/mcp.json in a project", stdio: {}, http: {}, sse: {} },
  { id: "claude-code", name: "Claude Code", form: "claude", root: "mcpServers", environment: true, env: "${*}",
    file: ".mcp.json in a project, shared with everyone who works on it",
    stdio: { type: "stdio" }, http: { type: "http" }, sse: { type: "sse" } },
  { id: "claude-desktop", name: "Claude Desktop", form: "json", root: "mcpServers", bundle: true, stdio: {},
    file: "claude_desktop_config.json (Settings, Developer, Edit Config)",
    remote: "Claude Desktop has no remote servers in this file: add the address under Settings, Connectors, Add custom connector.",
    bridge: "A connector reaches public addresses only and sends no headers of yours; else it takes a bridge such as mcp-remote." },
  { id: "windsurf", name: "Windsurf", form: "json", root: "mcpServers", environment: true, env: "${env:*}", url: "serverUrl",
    file: "~/.codeium/windsurf/mcp_config.json", stdio: {}, http: {}, sse: {} },
  { id: "goose", name: "Goose", form: "goose", file: "~/.config/goose/config.yaml (Windows: %APPDATA%\\Block\\goose\\config\\config.yaml)",
    environment: true, env: "${*}", stdio: { type: "stdio" }, http: { type: "streamable_http" },
    note: "Goose takes the values of env_keys from its secret store or from the environment." },
  { id: "jetbrains", name: "JetBrains", form: "json", root: "mcpServers",
    file: "Settings, Tools, AI Assistant, Model Context Protocol (MCP), Add, As JSON", stdio: {}, http: {} },
  { id: "gemini", name: "Gemini CLI", form: "json", root: "mcpServers", environment: true, env: "${*}", url: "httpUrl", sseUrl: "url",
    file: "~/.gemini/settings.json, or .gemini/settings.json in a project", stdio: {}, http: {}, sse: {} },
  { id: "codex", name: "Codex CLI", form: "codex", environment: true, file: "~/.codex/config.toml", stdio: {}, http: {} },
  { id: "toolhive", name: "ToolHive", form: "toolhive", stdio: {}, http: {}, sse: {} },
  { id: "json", name: "Other (JSON)", form: "json", root: "mcpServers", file: "mcp.json",
    stdio: {}, http: { type: "http" }, sse: { type: "sse" } },
];

const TRANSPORTS = { stdio: "stdio", "streamable-http": "http", sse: "sse" };

// ---- Values -------------------------------------------------------------------------------------------------------

/** Text of a value; `fill(input, index)` gives that of an input. */
const textOf = (value, launch, fill) =>
  typeof value === "string" ? value
    : value.map((part) => (typeof part === "number" ? fill(launch.i[part], part) : part)).join("");

const blank = (input) => `<${input.n.replace(/^-+/, "")}>`;
const given = (input, index, values) => (input.s ? "" : values[index] || input.f || "");
// Servers share the file, and may each have an API_KEY.
const idOf = (data, input) => `${data.k}-${input.n.replace(/[^\w]+/g, "-").replace(/^-+/, "")}`;

/** How one client writes inputs: secrets and what is missing stay references or blanks. */
function filler(client, data, values, used) {
  return (input, index) => {
    const text = given(input, index, values);
    if (text) return text;
    if (client.input) {
      used?.add(index);
      return `\${input:${idOf(data, input)}}`;
    }
    return input.s && client.env ? client.env.replace("*", input.v) : blank(input);
  };
}

/** Whether a part of a launch stands there: the optional ones do once they have a value, or are switched on. */
const stands = (needs, launch, values) =>
  (needs ?? []).every((index) => given(launch.i[index], index, values) || values[index] === true);

function wordsOf(groups, launch, values, fill) {
  const words = [];
  const add = (value, line) => words.push(textOf(value, launch, (input, index) => line || fill(input, index)));
  for (const group of groups ?? []) {
    if (typeof group === "string" || Array.isArray(group)) add(group);
    else if (stands(group.q, launch, values)) for (const line of linesOf(group, launch, values)) group.w.forEach((word) => add(word, line));
  }
  return words;
}

/** The lines that a reader typed for an argument that may be repeated; one empty line for any other. */
function linesOf(group, launch, values) {
  const index = repeatedInput(group, launch);
  const lines = index === undefined ? [] : String(values[index] ?? "").split("\n").filter(Boolean);
  return lines.length ? lines : [""];
}

const repeatedInput = (group, launch) =>
  group.r ? group.w.flat().find((part) => typeof part === "number" && !launch.i[part].s) : undefined;

/** The pairs that stand there. */
const standing = (pairs, launch, values) => (pairs ?? []).filter(([, , needs]) => stands(needs, launch, values));

function pairsOf(pairs, launch, values, fill) {
  // Without a prototype, since a header may be called __proto__.
  const found = Object.create(null);
  for (const [name, value] of standing(pairs, launch, values)) found[name] = textOf(value, launch, fill);
  return found;
}

const argumentsOf = (launch, values, fill) =>
  [...wordsOf(launch.b, launch, values, fill), ...(launch.p ? [launch.p] : []), ...wordsOf(launch.a, launch, values, fill)];

const some = (found) => Object.keys(found).length > 0;
// The one secret that a value is, if it is nothing else.
const onlySecret = (value, launch) => (Array.isArray(value) && value.length === 1 && launch.i[value[0]]?.s ? launch.i[value[0]] : undefined);

// ---- Quoting ------------------------------------------------------------------------------------------------------

// What a terminal would take for a pressed key is shown instead.
const printable = (text) => text.replace(/[\p{C}\u2028\u2029]/gu, (one) => `[U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);

/** A word for a POSIX shell. */
export const quote = (text) =>
  /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text) ? text : `'${printable(text).replaceAll("'", "'\\''")}'`;

/** A text for YAML and TOML, which both read JSON's strings once nothing in them is unprintable. */
export const scalar = (text) =>
  JSON.stringify(text).replace(/[\p{C}\u2028\u2029]/gu, (one) =>
    [...Array(one.length)].map((_, at) => `\\u${one.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""));

// Secrets are read from the environment. Until a word is quoted, marks that no document can hold stand for them.
const shellFill = (values) => (input, index) => given(input, index, values) || (input.s ? `\u0001${input.v}\u0002` : blank(input));
const shellWord = (text) =>
  text.split(/\u0001(\w+)\u0002/).map((part, at) => (at % 2 ? `"$${part}"` : part && quote(part))).join("") || "''";
const shellValue = (value, launch, values, before = "") => shellWord(before + textOf(value, launch, shellFill(values)));
const shellWords = (words) => words.map(shellWord).join(" ");

/** The words that set environment variables for one command; secrets are in the environment already. */
function shellEnvironment(launch, values) {
  const words = standing(launch.e, launch, values)
    .filter(([name, value]) => onlySecret(value, launch)?.v !== name)
    .map(([name, value]) => shellValue(value, launch, values, `${name}=`));
  return words.length ? ["env", ...words] : [];
}

const shellCommand = (launch, values) => shellWords([launch.c, ...argumentsOf(launch, values, shellFill(values))]);

// ---- Formats ------------------------------------------------------------------------------------------------------

const pretty = (value) => JSON.stringify(value, null, 2);

/** A server as members of a JSON object. */
function serverOf(client, launch, values, fill) {
  const kind = TRANSPORTS[launch.x];
  if (kind === "stdio") {
    const env = pairsOf(launch.e, launch, values, fill);
    return { ...client.stdio, command: launch.c, args: argumentsOf(launch, values, fill), ...(some(env) && { env }) };
  }
  const headers = pairsOf(launch.h, launch, values, fill);
  const url = (kind === "sse" && client.sseUrl) || client.url || "url";
  return { ...client[kind], [url]: textOf(launch.u, launch, fill), ...(some(headers) && { headers }) };
}

const promptOf = (data, input) => ({
  type: input.c ? "pickString" : "promptString",
  id: idOf(data, input),
  description: input.d || input.n,
  ...(input.f && { default: input.f }),
  ...(input.c ? { options: input.c } : { password: Boolean(input.s) }),
});

function jsonForm(client, data, launch, values) {
  const used = new Set();
  const server = serverOf(client, launch, values, filler(client, data, values, used));
  const inputs = [...used].map((index) => promptOf(data, launch.i[index]));
  const name = client.full ? data.n : data.k;
  return {
    blocks: [{ title: client.file, code: pretty({ ...(inputs.length && { inputs }), [client.root]: { [name]: server } }) }],
    link: linkOf(client, name, server, inputs),
  };
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function linkOf(client, name, server, inputs) {
  if (client.link === "vscode")
    return `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name, ...server, ...(inputs.length && { inputs }) }))}`;
  if (client.link === "cursor")
    return `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(name)}&config=${encodeURIComponent(base64(JSON.stringify(server)))}`;
  return "";
}

/** NAME=value or Name: value words for options that are repeated. */
const options = (option, pairs, launch, values, between) =>
  standing(pairs, launch, values).map(([name, value]) => `${option} ${shellValue(value, launch, values, `${name}${between}`)}`);

function claudeForm(client, data, launch, values) {
  const local = launch.x === "stdio";
  const more = local ? options("--env", launch.e, launch, values, "=") : options("--header", launch.h, launch, values, ": ");
  // The options before --transport take any number of words, so that the name must not follow them.
  const command = ["claude mcp add", ...more, `--transport ${TRANSPORTS[launch.x]}`, quote(data.k),
    local ? `-- ${shellCommand(launch, values)}` : shellValue(launch.u, launch, values)];
  const [file] = jsonForm(client, data, launch, values).blocks;
  return { blocks: [{ title: "Terminal", code: command.join(" ") }, file] };
}

function codexForm(client, data, launch, values) {
  const fill = filler(client, data, values);
  const table = (pairs) => `{ ${pairs.map(([name, value]) => `${scalar(name)} = ${scalar(value)}`).join(", ")} }`;
  const lines = [`[mcp_servers.${data.k}]`];
  const list = (words) => `[${words.map(scalar).join(", ")}]`;
  const only = (value) => onlySecret(value, launch);
  if (launch.x === "stdio") {
    lines.push(`command = ${scalar(launch.c)}`, `args = ${list(argumentsOf(launch, values, fill))}`);
    const env = standing(launch.e, launch, values);
    const kept = env.filter(([name, value]) => only(value)?.v !== name);
    const passed = env.filter(([name, value]) => only(value)?.v === name).map(([name]) => name);
    if (kept.length) lines.push(`env = ${table(kept.map(([name, value]) => [name, textOf(value, launch, fill)]))}`);
    if (passed.length) lines.push(`env_vars = ${list(passed)}`);
  } else {
    lines.push(`url = ${scalar(textOf(launch.u, launch, fill))}`);
    const plain = [], named = [];
    for (const [name, value] of standing(launch.h, launch, values)) {
      const bearer = name.toLowerCase() === "authorization" && value[0] === "Bearer " && only(value.slice(1));
      if (bearer) lines.push(`bearer_token_env_var = ${scalar(bearer.v)}`);
      else if (only(value)) named.push([name, only(value).v]);
      else plain.push([name, textOf(value, launch, fill)]);
    }
    if (plain.length) lines.push(`http_headers = ${table(plain)}`);
    if (named.length) lines.push(`env_http_headers = ${table(named)}`);
  }
  return { blocks: [{ title: client.file, code: lines.join("\n") }] };
}

function gooseForm(client, data, launch, values) {
  const fill = filler(client, data, values);
  const lines = ["extensions:", `  ${scalar(data.k)}:`, `    name: ${scalar(data.k)}`, "    enabled: true"];
  const map = (key, pairs) => { if (pairs.length) lines.push(`    ${key}:`, ...pairs.map(([name, value]) => `      ${scalar(name)}: ${scalar(value)}`)); };
  const list = (key, items) => { if (items.length) lines.push(`    ${key}:`, ...items.map((item) => `      - ${scalar(item)}`)); };
  const secrets = new Set();
  const noting = (input, index) => { if (input.s) secrets.add(input.v); return fill(input, index); };
  lines.push(`    type: ${client[TRANSPORTS[launch.x]].type}`);
  if (launch.x === "stdio") {
    lines.push(`    cmd: ${scalar(launch.c)}`);
    // Goose fills in headers only, so that a secret word stays a blank.
    list("args", argumentsOf(launch, values, filler({}, data, values)));
    const env = standing(launch.e, launch, values);
    const kept = [];
    for (const [name, value] of env)
      if (onlySecret(value, launch)) secrets.add(name);
      else kept.push([name, textOf(value, launch, filler({}, data, values))]);
    map("envs", kept);
  } else {
    lines.push(`    uri: ${scalar(textOf(launch.u, launch, filler({}, data, values)))}`);
    map("headers", Object.entries(pairsOf(launch.h, launch, values, noting)));
  }
  list("env_keys", [...secrets]);
  lines.push("    timeout: 300");
  return { blocks: [{ title: client.file, code: lines.join("\n") }] };
}

function toolhiveForm(client, data, launch, values) {
  const name = quote(data.k.toLowerCase());
  const blocks = [];
  const runnable = ["oci", "docker", "remote"].includes(launch.t);
  if (runnable) blocks.push({ title: "By its name, once this registry is ToolHive’s registry", code: `thv run ${quote(data.n)}` });
  const setSecrets = (pairs) => secretsOf(pairs, launch, values).map((input) => `thv secret set ${input.v}`);
  if (launch.t === "remote") {
    const own = [], secret = [];
    for (const pair of standing(launch.h, launch, values))
      (secretsOf([pair], launch, values).length ? secret : own).push(pair);
    const headers = [
      ...own.map(([header, value]) => `--remote-forward-headers ${shellValue(value, launch, values, `${header}=`)}`),
      // ToolHive stores the whole header, which may be more than what the reader knows by the name.
      ...secret.map(([header]) => `--remote-forward-headers-secret ${quote(`${header}=${headerSecret(data, header)}`)}`),
    ];
    const first = secret.map(([header]) => `thv secret set ${headerSecret(data, header)}`);
    const notes = secret.map(([header, value]) =>
      `The secret ${headerSecret(data, header)} is the whole header: ${textOf(value, launch, (input, index) => given(input, index, values) || blank(input))}`);
    blocks.push({ title: "By its address", code: [...first, ["thv run", `--name ${name}`, ...headers, shellValue(launch.u, launch, values)].join(" ")].join("\n") });
    return { blocks, notes };
  }
  const scheme = { npx: "npx://", uvx: "uvx://" }[launch.c] ?? (runnable ? "" : null);
  if (scheme === null || !launch.p) return blocks.length ? { blocks } : null;
  const env = standing(launch.e, launch, values);
  const words = env.map(([variable, value]) => {
    const input = onlySecret(value, launch);
    return input ? `--secret ${quote(`${input.v},target=${variable}`)}` : `-e ${shellValue(value, launch, values, `${variable}=`)}`;
  });
  const port = launch.u && /^https?:\/\/[^/:]+:(\d+)/.exec(textOf(launch.u, launch, (input, index) => given(input, index, values)))?.[1];
  const after = shellWords(wordsOf(launch.a, launch, values, filler({}, data, values)));
  const command = ["thv run", `--name ${name}`, `--transport ${launch.x}`, ...(port ? [`--target-port ${port}`] : []), ...words,
    quote(scheme + launch.p), ...(after ? ["--", after] : [])].join(" ");
  blocks.push({ title: scheme ? "By its package" : "By its image", code: [...setSecrets(env), command].join("\n") });
  // Mounts and ports are ToolHive's own business; a reader must know that the publisher's are not in there.
  const flags = (launch.b ?? []).flatMap((group) => group.w ?? [group]).filter((word) => /^-/.test(word));
  const own = flags.filter((flag) => !["-i", "--rm", "-p", "-e"].includes(flag)).length
    + Math.max(0, flags.filter((flag) => flag === "-e").length - (launch.e?.length ?? 0));
  const notes = runnable && own
    ? ["The publisher’s own options for Docker are not part of this command."] : [];
  return { blocks, notes };
}

const headerSecret = (data, header) => `${data.k}_${header}`.replace(/[^A-Za-z0-9]+/g, "_").toUpperCase();

/** Inputs of pairs that are secret. */
const secretsOf = (pairs, launch, values) =>
  [...new Set(pairs.flatMap(([, value, needs]) => (Array.isArray(value) && stands(needs, launch, values) ? value : [])))]
    .filter((part) => typeof part === "number" && launch.i[part].s).map((index) => launch.i[index]);

const FORMS = { json: jsonForm, claude: claudeForm, codex: codexForm, goose: gooseForm, toolhive: toolhiveForm };

/** Whether a publisher's own text holds what a client would replace by values of the reader's machine. */
const expands = (client, launch) => {
  const mark = client.input || client.env ? /\$\{|\$[A-Za-z_]/ : null;
  const texts = [launch.b, launch.a, launch.e, launch.h, launch.u, launch.p, launch.i?.map((input) => input.f)];
  return Boolean(mark) && texts.flat(9).some((part) => mark.test(typeof part === "string" ? part : JSON.stringify(part ?? "")));
};

/**
 * What a reader copies for one client.
 *
 * @param client one of CLIENTS
 * @param data what the page carries
 * @param launch one of data.o
 * @param values by the index of the input: a text, or true for an optional secret that is wanted
 * @returns {{blocks: {title: string, code: string}[], link?: string, notes: string[], bundle?: string}}
 */
export function configure(client, data, launch, values = {}) {
  launch = { i: [], ...launch };
  const notes = [];
  if (launch.x === "bundle") {
    const url = textOf(launch.u, launch, () => "");
    const file = url.split("?")[0].split("/").pop() || "server.mcpb";
    const check = launch.d ? [{ title: "Terminal: download and check", code: `curl -fLo ${quote(file)} ${quote(url)}\necho ${quote(`${launch.d}  ${file}`)} | sha256sum -c` }] : [];
    return { blocks: check, bundle: url, notes: [client.bundle ? "Open the file with Claude Desktop." : "Bundles are opened by desktop clients, such as Claude Desktop."] };
  }
  const before = [];
  if (launch.s) before.push({ title: "Terminal, once before", code: shellWords(launch.s) });
  if (launch.c && launch.x !== "stdio") {
    if (client.form !== "toolhive")
      before.push({ title: "Terminal: start the server first", code: [...shellEnvironment(launch, values), shellCommand(launch, values)].join(" ") });
  }
  const kind = TRANSPORTS[launch.x];
  if (!client[kind]) {
    notes.push(kind !== "stdio" && client.remote ? client.remote : `${client.name} does not speak ${launch.x}.`);
    if (client.bridge && kind !== "stdio" && (launch.h || launch.c)) notes.push(client.bridge);
    const address = kind !== "stdio" && client.remote ? [{ title: "Address", code: textOf(launch.u, launch, filler({}, data, values)) }] : [];
    return { blocks: [...before, ...address], notes };
  }
  const made = FORMS[client.form](client, data, launch, values);
  if (!made) return { blocks: [], notes: [`${client.name} has no way to run this package.`] };
  notes.push(...(made.notes ?? []));
  const dangerous = expands(client, launch);
  if (dangerous) notes.push(`The publisher’s text contains “$”, which ${client.name} may replace by values from your machine. Read it before you use it.`);
  const shown = (text) => made.blocks.some((block) => block.code.includes(text));
  const named = launch.i.filter((input) => input.s && shown(input.v)).map((input) => input.v);
  const blanks = launch.i.filter((input) => input.s && shown(blank(input))).map(blank);
  if (client.note && (client.input ? shown("${input:") : named.length)) notes.push(client.note);
  else if (client.environment && named.length) notes.push(`${client.name} takes ${named.join(", ")} from your environment.`);
  if (blanks.length) notes.push(`Secrets go into the file only: replace ${blanks.join(", ")} there.`);
  const missing = client.input ? [] : launch.i.filter((input, index) => input.q && !input.s && !given(input, index, values));
  if (missing.length) notes.push(`Still to fill in: ${missing.map((input) => input.n).join(", ")}.`);
  return { blocks: [...before, ...made.blocks], link: dangerous || missing.length ? "" : made.link, notes };
}

// ---- The page -----------------------------------------------------------------------------------------------------

/** An element with attributes and children; nothing of a document is ever read as HTML. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  element.append(...children);
  return element;
}

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // Without https there is no clipboard to write to, but a selection can be copied.
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

function addCopyButton(figure, title) {
  const code = figure.querySelector("code");
  const button = make("button", { type: "button", "aria-live": "polite", onclick: () => copy(code, button) }, "Copy");
  button.title = `Copy: ${title}`;
  figure.querySelector("figcaption").append(button);
}

function snippet({ title, code }) {
  const figure = make("figure", { class: "snippet" }, make("figcaption", {}, make("span", {}, title)),
    make("pre", { tabindex: "0" }, make("code", {}, code)));
  addCopyButton(figure, title);
  return figure;
}

function choice(legend, name, items, chosen, onchange) {
  const radios = items.map(([value, label]) => make("label", {},
    make("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) }), make("span", {}, label)));
  return make("fieldset", { class: "choice" }, make("legend", {}, legend), ...radios);
}

function field(input, index, repeated, values, update) {
  const id = `install-${index}`, listen = (event) => { values[index] = event.target.value.trim(); update(); };
  const about = input.d ? [make("span", { class: "small", id: `${id}-about`, dir: "auto" }, input.d)] : [];
  const shared = { id, "aria-describedby": input.d ? `${id}-about` : undefined, autocomplete: "off", spellcheck: "false", required: Boolean(input.q) };
  const label = make("label", { for: id }, make("code", {}, input.n));
  if (input.s) {
    if (input.q) return make("div", {}, make("p", {}, make("code", {}, input.n), " is a secret. It is not entered here."), ...about);
    const box = make("input", { ...shared, type: "checkbox", required: false, onchange: (event) => { values[index] = event.target.checked; update(); } });
    return make("div", { class: "tick" }, box, make("label", { for: id }, "Use ", make("code", {}, input.n), ", a secret"), ...about);
  }
  const options = input.c ?? (input.t === "boolean" ? ["true", "false"] : null);
  const hint = input.f || input.p;
  const control = options
    ? make("select", { ...shared, onchange: listen }, make("option", { value: "" }, input.f ? `${input.f} (default)` : "–"),
        ...options.filter((option) => option !== input.f).map((option) => make("option", { value: option }, option)))
    : repeated ? make("textarea", { ...shared, rows: "2", placeholder: hint ? `${hint} (one for each line)` : "One for each line", oninput: listen })
    : make("input", { ...shared, type: "text", inputmode: input.t === "number" ? "decimal" : undefined, placeholder: hint, oninput: listen });
  return make("div", {}, label, ...(input.q ? [" ", make("span", { class: "mark" }, "required")] : []), control, ...about);
}

const KEPT = "regpress-client";
const kept = () => { try { return localStorage.getItem(KEPT); } catch { return null; } };
const keep = (id) => { try { localStorage.setItem(KEPT, id); } catch { /* A browser may keep nothing. */ } };

function mount(section, data) {
  let client = CLIENTS.find((one) => one.id === kept()) ?? CLIENTS[0];
  let launch = data.o[0], values = {};
  const fields = make("div", { class: "fields" }), out = make("div", { class: "out" });
  const update = () => {
    const made = configure(client, data, launch, values);
    const links = [
      ...(made.link ? [make("a", { class: "go", href: made.link }, `Install in ${client.name}`)] : []),
      ...(/^https?:/.test(made.bundle ?? "") ? [make("a", { class: "go", href: made.bundle, rel: "noopener nofollow ugc" }, "Download the bundle")] : []),
    ];
    out.replaceChildren(...links, ...made.blocks.map(snippet), ...made.notes.map((note) => make("p", { class: "small" }, note)));
  };
  const choose = (index) => {
    launch = data.o[index];
    values = {};
    const all = { i: [], ...launch };
    const repeated = new Set([...(all.b ?? []), ...(all.a ?? [])].map((group) => repeatedInput(group, all)));
    const made = all.i.map((input, at) => [input, field(input, at, repeated.has(at), values, update)]);
    const first = made.filter(([input]) => input.q), rest = made.filter(([input]) => !input.q).map(([, one]) => one);
    const grid = (children) => make("div", { class: "grid" }, ...children);
    fields.replaceChildren(
      ...(first.length ? [grid(first.map(([, one]) => one))] : []),
      ...(rest.length > 4 ? [make("details", {}, make("summary", {}, `${rest.length} optional values`), grid(rest))] : rest.length ? [grid(rest)] : []));
    update();
  };
  section.querySelector(".ways").replaceWith(
    ...(data.o.length > 1 ? [choice("Package or remote", "install-way", data.o.map((one, index) => [String(index), one.l]), "0", choose)] : []),
    choice("Client", "install-client", CLIENTS.map((one) => [one.id, one.name]), client.id, (id) => {
      client = CLIENTS.find((one) => one.id === id);
      keep(id);
      update();
    }),
    fields, out);
  choose(0);
}

/** Put the address at which a reader sees the site where the site did not know its own. */
function nameSite(notice) {
  const { unknown, root } = notice.dataset;
  if (!/^https?:$/.test(location.protocol)) return;
  const address = new URL(root, location.href).href.replace(/\/$/, "");
  for (const code of document.querySelectorAll("pre code")) code.textContent = code.textContent.replaceAll(unknown, address);
  notice.remove();
}

if (globalThis.document) {
  const carried = document.getElementById("install-data");
  if (carried) mount(document.querySelector(".install"), JSON.parse(carried.textContent));
  else {
    const notice = document.querySelector("[data-unknown]");
    if (notice) nameSite(notice);
    document.querySelectorAll(".snippet").forEach((figure) => addCopyButton(figure, figure.querySelector("figcaption").textContent));
  }
}
