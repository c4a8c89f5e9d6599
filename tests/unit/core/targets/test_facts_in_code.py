"""What differs between platforms stands in the table, not in the code.

Searched for: names of the table, as words of the strings in Python code. Text for people (docstrings, messages) is not
searched: it has spaces.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

from pypkg_core.targets.catalogue import catalogue

REPOSITORY: Final = Path(__file__).parents[4]
CORE: Final = REPOSITORY / "forge" / "pypkg_core"
# Where such names belong: the table itself, and the parsers, which say what the numbers in executables mean.
OWNERS: Final = (CORE / "targets", CORE / "binaries")

# File -> literal -> why it is there all the same.
ALLOWED: Final = {
    "forge/pypkg_forge/toolchain/programs.py": {"POSIX": "a module of Perl"},
    "forge/pypkg_forge/toolchain/run.py": {"linux": "how this machine ends the children of a process"},
    "forge/pypkg_forge/toolchain/wrappers.py": {
        "linux": "the compiler of programs that run on this machine",
        "-linux-musl": "the compiler of programs that run on this machine",
    },
    "packager/pypkg/cli/dependencies.py": {"--glibc": "an option", "glibc": "an option"},
    "packager/pypkg/compile/worker/file_refs.py": {"as_posix": "a method of paths that the code which is read calls"},
    "packager/pypkg/environment/interpreter.py": {
        "Scripts/python.exe": "where virtual environments of this machine have it"
    },
    "packager/pypkg/project/config.py": {"glibc": "a key"},
    "packager/pypkg/project/never_inside.py": {"posix": "whether this machine's files have permissions of others"},
}


def words(text: str) -> set[str]:
    """Return the words of a name, also without a number at their end: ``freebsd_14_0`` and ``freebsd14`` have one."""
    found = [word for word in re.split(r"[^a-z0-9]+", text.lower()) if word and not word.isdecimal()]
    return {word for word in (*found, *(word.rstrip("0123456789") for word in found)) if len(word) > 1}


def words_of_the_table() -> set[str]:
    """Return what names a platform, a processor or a kind of file in the table."""
    table = catalogue()
    texts: list[str] = []
    for row in table.platforms.values():
        texts += [row.name, *row.aliases, row.libc, row.sys_platform, row.os_name, row.platform_system]
        texts += [row.executable_suffix, row.library_suffix, *(text.partition("{")[0] for text in row.wheel_tags)]
    for arch in table.arches.values():
        texts += [arch.name, *arch.aliases]
    for machine in table.machines.values():
        texts += [machine.platform_machine, machine.triple]
    return {word for text in texts for word in words(text)}


def facts_in(source: str, known: set[str]) -> set[str]:
    """Return the strings of Python code that contain words of the table and no space."""
    values = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    texts = {value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in values}
    return {text for text in texts if not re.search(r"\s", text) and not known.isdisjoint(words(text))}


def test_no_fact_of_a_platform_stands_in_the_code() -> None:
    known = words_of_the_table()
    files = [path for folder in ("forge", "packager") for path in (REPOSITORY / folder).rglob("*.py")]
    found = {
        path.relative_to(REPOSITORY).as_posix(): facts_in(path.read_text(encoding="utf-8"), known)
        for path in sorted(files)
        if not set(OWNERS) & set(path.parents)
    }
    assert {name: texts for name, texts in found.items() if texts} == {
        name: set(reasons) for name, reasons in ALLOWED.items()
    }


def test_facts_are_found() -> None:
    code = '''"""Text about linux is not searched."""
if platform == "win" or name.startswith("freebsd14") or tag == f"manylinux_2_17_{machine}" or b".exe" in name:
    print("On linux")
'''
    assert facts_in(code, words_of_the_table()) == {"win", "freebsd14", "manylinux_2_17_", ".exe"}
    assert {"x64", "x86", "arm64", "aarch64", "amd64", "win32", "nt", "posix", "musl", "dylib"} <= words_of_the_table()
