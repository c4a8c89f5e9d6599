"""Prints which modules of the standard library read a variable of Python's own, and whether they ask sys.flags first."""

import ast
import json
import os
import re

VARIABLE = re.compile(r"_?PYTHON[A-Z0-9_]*")
ASKED = "ignore_environment"
# Programs and tests that are no part of what a packaged program imports.
LEFT_OUT = {"test", "tests", "idlelib", "turtledemo", "lib2to3", "ensurepip", "venv"}


def names_in(node):
    """The variables that an expression names, if it reads the environment."""
    if not isinstance(node, (ast.Call, ast.Subscript, ast.Compare)):
        return set()
    text = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    if "environ" not in text and "getenv" not in text:
        return set()
    strings = [child.value for child in ast.iter_child_nodes(node) if isinstance(child, ast.Constant)]
    return {value for value in strings if isinstance(value, str) and VARIABLE.fullmatch(value)}


def visit(node, asked, found):
    """Collect the readers below a node; `asked`: a condition around it has asked."""
    for name in names_in(node):
        found.append((name, asked))
    tests = (
        [node.test] if isinstance(node, (ast.If, ast.IfExp)) else node.values if isinstance(node, ast.BoolOp) else []
    )
    asked = asked or any(ASKED in ast.unparse(test) for test in tests)
    for child in ast.iter_child_nodes(node):
        visit(child, asked, found)


def main():
    """Search the directory that this library is in."""
    careful, careless = set(), []
    top = os.path.dirname(os.__file__)
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for file in files:
            path = os.path.join(folder, file)
            if not file.endswith(".py"):
                continue
            with open(path, "rb") as stream:
                tree = ast.parse(stream.read())
            found = []
            visit(tree, False, found)
            careful.update(name for name, asked in found if asked)
            careless += [f"{os.path.relpath(path, top)}: {name}" for name, asked in found if not asked]
    print(json.dumps({"careful": sorted(careful), "careless": sorted(careless)}))


main()
