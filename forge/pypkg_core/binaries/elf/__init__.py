"""ELF files: reading their headers, inspecting them, attaching an image, hiding symbols."""
