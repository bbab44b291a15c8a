// Runs a Worker with its assets in Cloudflare's runtime until the process is ended.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , modules, script, directory, compatibilityDate, html_handling, not_found_handling, port] = process.argv;
const { Miniflare, NoOpLog } = createRequire(`${modules}/`)("miniflare");
const runtime = new Miniflare({
  log: new NoOpLog(),
  modules: [{ type: "ESModule", path: "worker.mjs", contents: readFileSync(script, "utf8") }],
  compatibilityDate,
  host: "127.0.0.1",
  port: Number(port),
  assets: {
    directory,
    binding: "ASSETS",
    // This version knows no list of routes here: the Worker gets every request, and hands on what is not for it.
    routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
    assetConfig: { html_handling, not_found_handling },
  },
});
await runtime.ready;
