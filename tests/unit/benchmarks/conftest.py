"""The scripts in the folder benchmarks import each other by name, as they do when one of them is run."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "benchmarks"))
