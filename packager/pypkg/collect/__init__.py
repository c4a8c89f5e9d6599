"""What goes into the executable: modules, data, metadata, links."""
