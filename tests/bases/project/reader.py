"""Imports a few modules, reads a file, prints it."""

import json
import os.path

with open(f"{os.path.dirname(__file__)}/data/a.txt") as stream:  # noqa: PTH120, PTH123
    text = json.loads(json.dumps(stream.read()))
print(text, end="")
