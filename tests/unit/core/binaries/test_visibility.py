"""Symbols of static libraries are hidden, and the libraries still link."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from pypkg_core.binaries.elf.visibility import hide_symbols
from pypkg_core.errors import PypkgError


def test_a_program_exports_nothing_of_a_hidden_library(tmp_path: Path) -> None:
    needs.tools("cc", "ar", "readelf")
    (tmp_path / "a.c").write_text(
        "int odd(void) { return 1; }\nint shown = 2; extern int two(void); int use(void) { return two(); }\n"
    )
    (tmp_path / "b.c").write_text("int two(void) { return 2; }\n")
    (tmp_path / "main.c").write_text(
        "int use(void); int own(void) { return 0; } int main(void) { return use() - 2; }\n"
    )

    def run(*command: str) -> str:
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    run("cc", "-c", "-fPIE", "a.c", "b.c", "main.c")
    run("ar", "rcs", "libab.a", "a.o", "b.o")
    archive = tmp_path / "libab.a"
    assert hide_symbols(archive) == 4
    assert hide_symbols(archive) == 0
    run("cc", "-pie", "-rdynamic", "-o", "program", "main.o", "libab.a")
    run(str(tmp_path / "program"))
    exported = run("readelf", "-W", "--dyn-syms", "program")
    assert " own" in exported
    for name in (" use", " two", " odd", " shown"):
        assert name not in exported


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.a"
    with pytest.raises(PypkgError, match="Cannot read"):
        hide_symbols(file)
    file.write_bytes(b"text")
    with pytest.raises(PypkgError, match="not a static library"):
        hide_symbols(file)
    file.write_bytes(b"!<arch>\n" + b"a.o/".ljust(48) + b"8".ljust(10) + b"`\n" + b"\x7fELF\x02\x01\x01\x00")
    with pytest.raises(PypkgError, match=r"An object in .*x\.a is truncated"):
        hide_symbols(file)
    file.write_bytes(b"!<arch>\n" + b"a.o/".ljust(48) + b"9".ljust(10) + b"`\n" + b"\x7fELF\x02\x01\x01\x00")
    with pytest.raises(PypkgError, match=r"x\.a is damaged: the size of the member at offset 8 is b'9'"):
        hide_symbols(file)
