"""The runtime but for its fronts knows no system: it compiles for others, and includes no header of a system.

Compiling needs no folder ``os/<system>``: what such a folder implements is declared in ``os/*.h``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from runtime_build import RUNTIME, layers
from zig_build import compile_for

# What every system compiles, and what one with POSIX's calls compiles too.
PORTABLE: Final = ("os", "image", "paths", "engine")
POSIX: Final = (*PORTABLE, "os/posix", "posix", "native", "process", "libraries", "interpose")
FOLDERS: Final = {
    "x86_64-windows-gnu": PORTABLE,
    "x86_64-freebsd": POSIX,
    "aarch64-macos": POSIX,
}
FLAGS: Final = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{RUNTIME}")

# ISO C11, 7.1.2.
_ISO_C: Final = """
assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
"""
ISO_C: Final = {f"{name}.h" for name in _ISO_C.split()}
# The decoders' libraries, CPython, and a call that glibc 2.17 does not declare.
LIBRARIES: Final = {
    "image/decode.c": {"brotli/decode.h", "zlib.h", "zstd.h"},
    "interpose/files.c": {"linux/stat.h"},
    **{f"python/{name}": {"Python.h"} for name in ("main/main.h", "module/_pypkg.h", "module/_pypkg_gc.c")},
    "python/module/_pypkg_mounts.c": {"Python.h"},
    "python/module/_pypkgmodule.c": {"Python.h", "marshal.h"},
}
# The layers that may include headers of a system, beside the folders of systems in os/.
FRONTS: Final = ("posix",)
INCLUDE: Final = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", re.MULTILINE)
MACRO: Final = re.compile(r"\b(?:__linux__|__APPLE__|__FreeBSD__|__unix__|_WIN32|__MINGW32__)\b")

REDIRECTED: Final = """
#include <dirent.h>
#include <ftw.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(PYPKG_HAS_XATTR) != EXPECTED_XATTR
#error "extended attributes"
#endif
int main(void)
{
    struct stat status;
    int fd = open("/snapshot/file", O_RDONLY);
    DIR *stream = fdopendir(fd);
    return stat("/", &status) + fstat(dirfd(stream), &status) + (readdir(stream) != NULL) + futimes(fd, NULL);
}
"""


def _sources(folders: tuple[str, ...]) -> list[Path]:
    return [path for folder in folders for path in sorted((RUNTIME / folder).glob("*.c"))]


def _beside_fronts() -> dict[str, Path]:
    files = {path.relative_to(RUNTIME): path for path in sorted(RUNTIME.rglob("*.[ch]"))}
    return {
        name.as_posix(): path
        for name, path in files.items()
        if name.parts[0] not in FRONTS and not (name.parts[0] == "os" and len(name.parts) > 2)
    }


def foreign_headers(name: str, text: str) -> set[str]:
    """Return the headers that a file of the runtime includes although they are not of ISO C."""
    return set(INCLUDE.findall(text)) - ISO_C - LIBRARIES.get(name, set())


@pytest.mark.parametrize("triple", FOLDERS)
def test_compiles_for_other_systems(triple: str, tmp_path: Path) -> None:
    sources = _sources(FOLDERS[triple])
    assert {path.parent for path in sources} == {RUNTIME / folder for folder in FOLDERS[triple]}
    assert compile_for(triple, [*FLAGS, "-DPYPKG_WITHOUT_CODECS", "-DPYPKG_INTERPOSE=1"], sources, tmp_path) == ""


@pytest.mark.parametrize(
    ("triple", "xattr"),
    [("x86_64-linux-gnu.2.17", 1), ("x86_64-linux-musl", 1), ("x86_64-freebsd", 0), ("aarch64-macos", 0)],
)
def test_redirect_header_of_other_systems(triple: str, xattr: int, tmp_path: Path) -> None:
    """It is force-included into files that include the system's headers, whose names it replaces."""
    source = tmp_path / "redirected.c"
    source.write_text(REDIRECTED)
    flags = [*FLAGS, "-include", str(RUNTIME / "posix" / "redirect.h"), f"-DEXPECTED_XATTR={xattr}"]
    assert compile_for(triple, flags, [source], tmp_path) == ""


def test_warnings_are_found(tmp_path: Path) -> None:
    source = tmp_path / "source.c"
    source.write_text("#include <sys/mman.h>\nint main(void) { int unused; return 0; }\n")
    assert "unused" in compile_for("x86_64-freebsd", FLAGS, [source], tmp_path)
    assert "sys/mman.h" in compile_for("x86_64-windows-gnu", FLAGS, [source], tmp_path)


def test_no_header_of_a_system_beside_the_fronts() -> None:
    files = _beside_fronts()
    assert {Path(name).parts[0] for name in files} == set(layers()) - set(FRONTS)
    found = {name: foreign_headers(name, path.read_text()) for name, path in files.items()}
    assert {name: headers for name, headers in found.items() if headers} == {}


def test_one_header_names_what_a_system_implements() -> None:
    text = (RUNTIME / "os" / "os.h").read_text()
    headers = {f"os/{path.name}" for path in (RUNTIME / "os").glob("*.h")} - {"os/os.h"}
    assert len(headers) > 2
    assert {name for name in headers if f'#include "{name}"' in text and f"- {name}:" in text} == headers


def test_no_question_for_the_system() -> None:
    """What differs between systems is a folder, or what their headers define (posix/features.h), not a name."""
    files = {**_beside_fronts(), **{f"posix/{path.name}": path for path in (RUNTIME / "posix").glob("*.[ch]")}}
    assert [name for name, path in files.items() if MACRO.search(path.read_text())] == []


def test_foreign_headers_are_found() -> None:
    text = '#include <zlib.h>\n#  include <sys/stat.h>\n#include <errno.h>\n#include "os/files.h"\n'
    assert foreign_headers("image/decode.c", text) == {"sys/stat.h"}
    assert foreign_headers("paths/names.c", text) == {"sys/stat.h", "zlib.h"}
