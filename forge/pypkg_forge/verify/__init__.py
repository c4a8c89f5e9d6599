"""Checks of a base."""
