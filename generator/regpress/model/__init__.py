"""Records: what crosses the boundaries between stages and the outside."""
