"""The command `pypkg`."""
