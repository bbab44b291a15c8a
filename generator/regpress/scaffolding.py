"""A folder to a new site: the files of `regpress.scaffold` with their blanks filled in."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Final

from regpress import __version__
from regpress.errors import BuildRefusedError
from regpress.storage import replace_file

#: Actions that the workflows use, pinned; the same as in this project's own workflows.
_ACTIONS: Final = {
    "checkout": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
    "setup_python": "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0",
    "configure_pages": "actions/configure-pages@983d7736d9b0ae728b81ab479565c72886d7745b # v5.0.0",
    "upload_pages": "actions/upload-pages-artifact@7b1f4a764d45c48632c6b24a0339c27f5614fb0b # v4.0.0",
    "deploy_pages": "actions/deploy-pages@d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e # v4.0.5",
}
#: Packages leave out files whose names begin with a dot.
_RENAMED: Final = {"gitignore": ".gitignore", "github": ".github"}
#: What may be in a folder that is about to become a site.
_HARMLESS: Final = frozenset({".git", ".DS_Store"})


def write_site(folder: Path, *, title: str, host: str, today: str) -> list[Path]:
    """Write the files of a new site to *folder* and return them, sorted.

    Args:
        folder: made if it does not exist; may hold nothing but a repository.
        title: the site's title, one line.
        host: the host profile's name.
        today: RFC 3339 time for ``meta.last_updated``.

    Raises:
        BuildRefusedError: the folder holds files already.
        StorageError: it cannot be written.
    """
    if folder.exists():
        found = sorted(path.name for path in folder.iterdir() if path.name not in _HARMLESS)
        if found:
            raise BuildRefusedError(f"{folder}: holds files already ({', '.join(found[:3])}); give a new folder")
    blanks = {
        "title": _yaml_text(title),
        "folder": folder.resolve().name,
        "host": host,
        "today": today,
        "version": __version__,
        **_ACTIONS,
    }
    written = []
    for name, source in _files(resources.files("regpress.scaffold")):
        text = Template(source.read_text(encoding="utf-8")).substitute(
            blanks if name.endswith((".yaml", ".yml")) else {**blanks, "title": title}
        )
        path = folder / name
        replace_file(path, text.encode())
        written.append(path)
    return sorted(written)


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        name = prefix + _RENAMED.get(item.name, item.name)
        if item.is_dir():
            if item.name != "__pycache__":
                yield from _files(item, f"{name}/")
        elif not item.name.endswith((".py", ".pyc")):
            yield name, item


def _yaml_text(text: str) -> str:
    """Return *text* as a YAML scalar that is nothing but this text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
