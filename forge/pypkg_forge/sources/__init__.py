"""Source archives: pins, where they come from, unpacking and patching."""
