"""Found by looking into the directory."""
