"""Builds a base from pinned sources: the recipe and its keys, the build, the standard library."""
