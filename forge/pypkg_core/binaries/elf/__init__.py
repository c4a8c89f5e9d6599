"""ELF: reading it, and attaching an image to it."""
