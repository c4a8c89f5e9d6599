"""The compiler, and running commands."""
