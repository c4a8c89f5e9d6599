"""Generate a project of many modules: the same bytes every time, no two modules alike.

Usage: python benchmarks/generate.py FOLDER, then run FOLDER/app.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

__all__ = ["DATA", "MODULES", "PACKAGES", "generate_project"]

PACKAGES = 20
MODULES = 50  # in each package, its ``__init__`` among them
FUNCTIONS = 3
DATA = "rates.json"

_HEAD = '''"""Module {number} of package {package}: rates, their checks and a register of them."""

from __future__ import annotations

import {library}
from dataclasses import dataclass, field

{imports}

LIMIT = {limit}
NAMES = {names!r}
'''
_FUNCTION = '''

def compute_{index}(amount: int, *, rate: int = {rate}) -> int:
    """Compute value {index} of module {number}.

    Args:
        amount: what to begin with.
        rate: what to multiply by.
    """
    total = amount
    for step, name in enumerate(NAMES):
        if step % {divisor} == 0 and name.startswith("{letter}"):
            total += rate * step
        elif total > LIMIT:
            total -= LIMIT
    try:
        return (total * rate + {offset}) % LIMIT
    except ZeroDivisionError:
        return -1
'''
_CLASS = '''

@dataclass
class Register{number}:
    """A register of what this module computes."""

    title: str = "register {number}"
    values: dict[str, int] = field(default_factory=dict)

    def fill(self) -> Register{number}:
        """Compute every value once."""
        self.values = {{name: function(LIMIT) for name, function in sorted(globals().items()) if name[:7] == "compute"}}
        return self

    @property
    def total(self) -> int:
        """The sum of the values, with those of the modules that this one imports."""
        return sum(self.values.values()) + {others}


def total() -> int:
    """The sum of this module."""
    return Register{number}().fill().total
'''
_PACKAGE = '''"""Package {package}: its modules, and a table of rates beside them."""

import json
from pathlib import Path

{imports}

RATES = json.loads((Path(__file__).parent / "{data}").read_text(encoding="utf-8"))


def total() -> int:
    """The sum of the package."""
    return sum(module.total() for module in MODULES) + sum(RATES.values())


MODULES = ({modules})
'''
_APP = '''"""Print one number that depends on every module and every table."""

{imports}

print(sum(package.total() for package in ({packages})))
'''
_LIBRARY = ("json", "re", "collections", "itertools", "functools", "textwrap", "datetime", "pathlib", "string", "math")


def _module(package: int, number: int) -> str:
    """The source of a module; it imports up to three of the modules before it."""
    seed = package * MODULES + number
    earlier = sorted({(seed * step) % number for step in (3, 7, 11)}) if number > 1 else []
    earlier = [index for index in earlier if index > 0]
    imports = "\n".join(
        f"from p{package:02}.m{index:02} import compute_{index % FUNCTIONS} as m{index:02}" for index in earlier
    )
    head = _HEAD.format(
        number=number,
        package=package,
        library=_LIBRARY[seed % len(_LIBRARY)],
        imports=imports,
        limit=1009 + seed,
        names=[f"{'abcdefgh'[(seed + step) % 8]}{seed}_{step}" for step in range(10)],
    )
    functions = "".join(
        _FUNCTION.format(
            index=index,
            number=number,
            rate=2 + (seed + index) % 7,
            divisor=1 + (seed * index) % 4,
            letter="abcdefgh"[(seed + index) % 8],
            offset=seed * 31 + index,
        )
        for index in range(FUNCTIONS)
    )
    others = " + ".join(f"m{index:02}(1)" for index in earlier) or "0"
    return head + functions + _CLASS.format(number=number, others=others)


def generate_project(folder: Path, *, packages: int = PACKAGES, modules: int = MODULES) -> Path:
    """Write the project into an empty or missing directory and return its script.

    Args:
        packages: how many; ``packages * modules`` modules besides the script.
        modules: in each package, its ``__init__`` among them.
    """
    names = [f"p{package:02}" for package in range(packages)]
    for package, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        numbers = range(1, modules)
        for number in numbers:
            (folder / name / f"m{number:02}.py").write_text(_module(package, number), encoding="utf-8")
        text = _PACKAGE.format(
            package=package,
            data=DATA,
            imports="\n".join(f"from {name} import m{number:02}" for number in numbers),
            modules=", ".join(f"m{number:02}" for number in numbers),
        )
        (folder / name / "__init__.py").write_text(text, encoding="utf-8")
        rates = {f"rate{index}": package * 100 + index for index in range(200)}
        (folder / name / DATA).write_text(json.dumps(rates, indent=1), encoding="utf-8")
    script = folder / "app.py"
    imports = "\n".join(f"import {name}" for name in names)
    script.write_text(_APP.format(imports=imports, packages=", ".join(names)), encoding="utf-8")
    return script


if __name__ == "__main__":
    print(generate_project(Path(sys.argv[1])))
