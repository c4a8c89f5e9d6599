"""Portable Executable files, those of Windows: inspecting them."""
