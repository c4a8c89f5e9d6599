"""New releases for the pins: what origins say of them, and the edit of the tables that follows."""
