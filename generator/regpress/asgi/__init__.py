"""Requests to use cases and back: what the app speaks over HTTP."""
