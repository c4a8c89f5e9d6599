"""A package for its data."""
