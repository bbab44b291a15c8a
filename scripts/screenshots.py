"""Pictures of every kind of page, in light and dark, on a desk and on a phone: docs/screenshots/*.webp.

    make screenshots                                    # this repository's own registry
    .venv/bin/python scripts/screenshots.py --site PATH --out FOLDER

The site is built into a temporary folder, served as its host would, and photographed by Chromium; the admin page is
that of the app. Pages are chosen by what they show, so that another registry gives its own.
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

from regpress.preview import built_for, open_preview

ROOT: Final = Path(__file__).parents[1]
PROGRAM: Final = (sys.executable, "-c", "from regpress.cli.main import main; main()")
CHROMIUM: Final = Path("/usr/bin/chromium")
BASE: Final = "/my-registry"
SCHEMA: Final = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
#: Width, height and scale by name.
SIZES: Final[Mapping[str, tuple[int, int, float]]] = {"desktop": (1200, 800, 0.75), "phone": (360, 720, 1.0)}
SCHEMES: Final = ("light", "dark")
#: A picture of the page as Chromium writes it, to a smaller one.
SHRINK: Final = """async (data) => {
  const image = new Image();
  image.src = `data:image/png;base64,${data}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.35).split(",")[1];
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One kind of page.

    Attributes:
        name: of the pictures.
        path: of the page, with its fragment.
        await_for: what must be there before the picture is taken.
        at: what the picture begins with, where it is not the head of the page.
        typed: a document that is typed into the admin page.
    """

    name: str
    path: str
    await_for: str = "main"
    at: str = ""
    typed: str = ""


def shots(out: Path) -> Iterator[Shot]:
    """Yield one page of each kind of a built site."""
    yield Shot(name="home", path="")
    yield Shot(name="search", path="?q=server", await_for="#found[data-loading='']")
    yield Shot(name="list", path="servers/")
    if (out / "tags/index.html").exists():
        yield Shot(name="tags", path="tags/")
    yield Shot(name="namespaces", path="namespaces/")
    entry = _richest(out, "servers")
    yield Shot(name="entry", path=f"{entry}/")
    versions = _versions(out, entry)
    if len(versions) > 1:
        asked = ",".join(versions[-2:])
        yield Shot(
            name="differences", path=f"{entry}/#versions={asked}", await_for=".shown table, .shown p", at=".shown"
        )
    if skill := _richest(out, "skills"):
        yield Shot(name="skill", path=f"{skill}/")
    if (out / "use" / "index.html").exists():
        yield Shot(name="use", path="use/")
    for page in ("guide", "about"):
        if (out / page / "index.html").exists():
            yield Shot(name="page", path=f"{page}/")
            break
    yield Shot(name="not-found", path="404.html")


def admin_shots(out: Path) -> Iterator[Shot]:
    """Yield the views of the admin page."""
    yield Shot(name="admin-sources", path="admin/#sources", await_for="#source-list li")
    package = {"registryType": "npm", "identifier": "@example/tides", "version": "latest"}
    document = {"name": "com.example/tides", "description": "Tide tables", "version": "1.0.0", "packages": [package]}
    yield Shot(
        name="admin-publish",
        path="admin/#publish",
        typed=json.dumps({"$schema": SCHEMA, **document}, indent=2),
        await_for="#issues li",
    )
    _, _, name = _richest(out, "servers").partition("/")
    path = f"admin/#entry/default/server/{quote(name, safe='')}"
    yield Shot(name="admin-entry", path=path, await_for="#versions li")


def _richest(out: Path, kind: str) -> str:
    """Return the address of the entry with the longest page among those with several versions, without final slash."""
    pages = sorted(out.glob(f"{kind}/*/*/index.html"), key=lambda file: file.stat().st_size)
    if not pages:
        return ""
    with_versions = [page for page in pages if len(_versions(out, _address(out, page))) > 1]
    return _address(out, (with_versions or pages)[-1])


def _address(out: Path, page: Path) -> str:
    return page.parent.relative_to(out).as_posix()


def _versions(out: Path, address: str) -> list[str]:
    """Return the names of an entry's versions, oldest first, as far as its page tells them apart by its links."""
    text = (out / address / "index.html").read_text(encoding="utf-8")
    rows = text.split('<th scope="row"><bdi>')[1:]
    return [row.partition("</bdi>")[0] for row in reversed(rows)]


def build(site: Path, out: Path) -> None:
    """Build a site."""
    command = [*PROGRAM, "build", str(site), "--out", str(out), "--base-url", f"https://registry.example{BASE}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own program


@contextmanager
def serving(site: Path, out: Path) -> Iterator[str]:
    """Serve a site by the app, which writes nothing but its tree, and give its address."""
    options = ["--no-git", "--audit-log", str(out.with_suffix(".jsonl")), "--allow-anonymous-writes", "--port", "0"]
    command = [*PROGRAM, "serve", str(site), "--out", str(out), "--no-access-log", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own program
        assert process.stderr is not None
        try:
            yield next(line.split()[-1] for line in process.stderr if line.startswith("Serving "))
        finally:
            process.terminate()


def photograph(browser: Browser, address: str, shots: Sequence[Shot], folder: Path) -> None:
    """Write pictures of pages in every size and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    darkroom = browser.new_page()
    for size, (width, height, scale) in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme=scheme
            )
            page = context.new_page()
            for shot in shots:
                picture = _picture(page, address, shot)
                small = darkroom.evaluate(SHRINK, base64.b64encode(picture).decode())
                (folder / f"{shot.name}-{size}-{scheme}.webp").write_bytes(base64.b64decode(small))
            context.close()


def _picture(page: Page, address: str, shot: Shot) -> bytes:
    page.goto("about:blank")  # else a fragment alone would not load the page anew
    page.goto(f"{address}{shot.path}")
    if shot.typed:
        page.locator("#text").fill(shot.typed)
        page.evaluate("document.activeElement.blur()")
    page.locator(shot.await_for).first.wait_for()
    if shot.at:
        page.locator(shot.at).evaluate("element => element.scrollIntoView({ block: 'start' })")
    return page.screenshot()


def main() -> None:
    """Read the options, build, serve and photograph."""
    parser = argparse.ArgumentParser(description="Photograph every kind of page.")
    parser.add_argument("--site", type=Path, default=ROOT, help="folder of the site (this repository)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots", help="folder of the pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "dist"
        build(options.site, out)
        server = open_preview(out, host=built_for(out) or "generic", base_path=BASE, port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with server, sync_playwright() as playwright:
            program = str(CHROMIUM) if CHROMIUM.exists() else None
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            photograph(browser, f"{server.url}{BASE}/", tuple(shots(out)), options.out)
            server.shutdown()
            with serving(options.site, Path(folder) / "app") as address:
                photograph(browser, address, tuple(admin_shots(out)), options.out)
            browser.close()


if __name__ == "__main__":
    main()
