"""How every command offers its help, also where it runs without the group."""

from __future__ import annotations

from typing import Any, Final

HELP: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"]}
