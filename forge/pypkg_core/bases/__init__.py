"""Base binaries: the cache, the published hashes, fetching."""
