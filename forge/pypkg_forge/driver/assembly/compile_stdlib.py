"""Run by the host Python: compiles source files to marshalled code.

Standard input: JSON, a list of [path, co_filename]. Standard output: for each, in order, the length of the marshalled
code as 8 bytes (little-endian), and the code. Uses only the standard library.
"""

import json
import marshal
import sys


def main() -> int:
    out = sys.stdout.buffer
    for path, filename in json.load(sys.stdin):
        with open(path, "rb") as stream:  # noqa: PTH123 - pathlib costs more than the rest of this start
            source = stream.read()
        try:
            code = compile(source, filename, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
        data = marshal.dumps(code)
        out.write(len(data).to_bytes(8, "little"))
        out.write(data)
    return 0


sys.exit(main())
