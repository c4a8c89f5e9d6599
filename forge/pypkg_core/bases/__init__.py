"""Bases: in the cache, published, fetched."""
