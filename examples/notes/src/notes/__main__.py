"""``python -m notes``."""

from notes.cli import main

if __name__ == "__main__":
    main()
