"""Our own documents about a whole registry, below ``x/dev.regpress``: described in ``docs/x-dev-regpress.md``."""
