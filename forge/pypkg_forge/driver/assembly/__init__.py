"""What makes the bytes of a base: its keys contain a hash of this folder."""
