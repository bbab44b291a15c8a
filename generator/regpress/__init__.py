"""Regpress: MCP registry sources in, a registry made of files out."""

__version__ = "0.1.0"
