"""From pinned sources to a base: the recipe and its keys, the build, the standard library."""
