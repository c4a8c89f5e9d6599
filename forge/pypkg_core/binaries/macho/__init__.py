"""Mach-O files, those of macOS: inspecting them."""
