"""Checks that a base is what it must be."""
