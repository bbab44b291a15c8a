"""The real Apache, as a fixture: one process group of it, on a loopback port, with everything it writes in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from edges.web_server import Server, running

APACHE = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or shutil.which("httpd")
_MODULES = Path("/usr/lib/apache2/modules")
#: What Debian loads, as far as it changes answers, and the two that have to be switched on: headers and rewrite.
_LOADED = ("mpm_event", "authz_core", "authz_host", "dir", "mime", "negotiation", "autoindex", "alias", "setenvif",
           "filter", "deflate", "headers", "rewrite")  # fmt: skip


def configuration(folder: Path, port: int, *, root: Path, rules: Path) -> Path:
    """Write the main configuration file, as strict and as obliging as Debian's, with the rules in a virtual host."""
    made = folder / "apache2.conf"
    lines = [
        f"ServerRoot {folder}",
        f"DefaultRuntimeDir {folder}",
        f"PidFile {folder}/apache2.pid",
        f"ErrorLog {folder}/error.log",
        "LogLevel warn",
        "ServerName registry.example.org",
        f"Listen 127.0.0.1:{port}",
        *(f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in _LOADED),
        *(["User www-data", "Group www-data"] if os.geteuid() == 0 else []),
        f"TypesConfig {'/etc/mime.types' if Path('/etc/mime.types').exists() else os.devnull}",
        "AddEncoding x-gzip .gz",
        "AddLanguage fr .fr",
        "AddHandler type-map var",
        "<Directory />",
        "Options FollowSymLinks",
        "AllowOverride None",
        "Require all denied",
        "</Directory>",
        f"<VirtualHost 127.0.0.1:{port}>",
        f"DocumentRoot {root}",
        f"Include {rules}",
        "</VirtualHost>",
    ]
    made.write_text("\n".join(lines) + "\n")
    return made


def check(folder: Path, port: int, *, root: Path, rules: Path) -> subprocess.CompletedProcess[str]:
    """Return what ``apache2 -t`` says about the rules."""
    assert APACHE is not None
    made = configuration(folder, port, root=root, rules=rules)
    return subprocess.run([APACHE, "-t", "-f", str(made)], capture_output=True, text=True)


@contextmanager
def public_folder() -> Iterator[Path]:
    """Give a folder that Apache's workers, who are never root, may read; those of pytest are private."""
    with TemporaryDirectory(prefix="regpress-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


@contextmanager
def serving(folder: Path, *, root: Path, rules: Path) -> Iterator[Server]:
    """Serve *root* by *rules* as long as the context lasts."""
    assert APACHE is not None

    def command(port: int) -> list[str]:
        return [str(APACHE), "-DFOREGROUND", "-f", str(configuration(folder, port, root=root, rules=rules))]

    with running(command, folder) as server:
        yield server
