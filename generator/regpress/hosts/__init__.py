"""Host profiles: how one tree is laid out and configured for each static host."""
