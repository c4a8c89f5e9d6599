"""ELF files: reading their headers, attaching an image."""
