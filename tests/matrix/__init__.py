"""Forges and verifies every target of a system, and records each: see run.py."""
