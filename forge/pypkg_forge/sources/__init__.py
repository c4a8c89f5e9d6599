"""Source archives: pins, origins, download, unpacking, patches."""
