"""Templates as Python runs them, kept beside them as Python keeps its own modules: to compile one takes 10 to 20 ms.

Only what an installation brings is kept, and in its own folder: who could change what is kept there could change the
program itself. Nothing of a site is ever run from what lies in the site.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from regpress.digest import recipe
from regpress.errors import StorageError
from regpress.storage import replace_file

_FOLDER: Final = "__pycache__"
_DIGEST: Final = 16


class CompiledTemplates(BytecodeCache):
    """The compiled templates of an installation.

    Args:
        folder: that of its templates.
        salt: everything that what is compiled depends on besides the template itself.
    """

    def __init__(self, folder: Path, salt: bytes) -> None:
        self._folder = folder / _FOLDER
        self._salt = salt

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002 - as the base class has it
        """Return what the file of a template is called: one for each Python that runs it."""
        return f"{name.replace('/', '-')}.{sys.implementation.cache_tag}.code"

    def get_source_checksum(self, source: str) -> str:
        """Return what stands for everything that a template is compiled from."""
        return recipe((self._salt, source.encode())).hex()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is kept, if it is whole and of this very template."""
        try:
            kept = (self._folder / bucket.key).read_bytes()
        except OSError:
            return
        code = kept[_DIGEST:]
        if recipe((code,)) == kept[:_DIGEST]:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template; where that cannot be, it is compiled again the next time."""
        if sys.dont_write_bytecode:
            return
        code = bucket.bytecode_to_string()
        try:
            replace_file(self._folder / bucket.key, recipe((code,)), code)
        except StorageError:
            return
