"""Found by looking into the folder."""
