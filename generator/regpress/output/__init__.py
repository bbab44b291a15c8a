"""The output folder: artifacts in, a tree of files that reads consistently at every moment out."""
