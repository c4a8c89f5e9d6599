"""Make the executables in ``fixtures``: ``python tests/unit/core/binaries/make_fixtures.py``.

Each is compressed with gzip, because Mach-O files are mostly padding to whole pages. They are not made when the tests
run: zig compiles a C library for each target, which takes minutes. Another release of zig makes other bytes, and the
tests look at facts that every release keeps; ``pytest -m forge`` compares the bytes with those that the pinned release
makes.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"

# An extension module; the length of a string makes it need the C library.
ADDON = """
#include <string.h>
extern void *PyModuleDef_Init(void *);
extern const char *PyModule_GetName(void *);
__attribute__((visibility("default"))) void *PyInit_addon(void *module)
{
    return strlen(PyModule_GetName(module)) > 5 ? PyModuleDef_Init(module) : 0;
}
"""
PROGRAM = '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n'
# A buffer of known size, which is copied to and protected.
BUFFER = """
#include <stdio.h>
#include <string.h>
int main(int count, char **words)
{
    char buffer[16];
    strcpy(buffer, words[count - 1]);
    return puts(buffer) < 0;
}
"""
# Without a C library, whose objects are not marked.
MARKED = "int twice(int number) { return 2 * number; }\n"
# Without a C library, so that it has a few imports only: by name, by number, and of a library that is loaded later.
WINDOWS_ADDON = """
extern __declspec(dllimport) void *PyModuleDef_Init(void *);
extern __declspec(dllimport) int by_number(void);
extern int later(void);
void *__stdcall __delayLoadHelper2(void *descriptor, void *address) { return descriptor ? address : 0; }
__declspec(dllexport) void *PyInit_addon(void *module)
{
    return by_number() > later() ? module : PyModuleDef_Init(module);
}
"""
DEFINITIONS = {"python313": "PyModuleDef_Init", "numbers": "by_number @7 NONAME", "later": "later"}

# Name of the file -> target and flags.
ADDONS = {
    "linux-x64.so": ("x86_64-linux-gnu.2.17", "-Wl,-rpath,$ORIGIN/addon.libs:/opt/lib", "-Wl,-z,now"),
    "linux-arm64.so": ("aarch64-linux-gnu.2.17",),
    "linux-arm.so": ("arm-linux-gnueabihf.2.17",),
    "alpine-x64.so": ("x86_64-linux-musl",),
    "freebsd-x64.so": ("x86_64-freebsd",),
    "macos-x64.dylib": ("x86_64-macos", "-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path/addon.dylibs"),
    "macos-arm64.dylib": ("aarch64-macos", "-undefined", "dynamic_lookup"),
}
PROGRAMS = {
    "linux-x64": ("x86_64-linux-gnu.2.34", "-pie", "-fPIE"),
    "linux-arm64-fixed": ("aarch64-linux-gnu.2.17", "-no-pie"),
    "linux-arm-v6": ("arm-linux-gnueabihf.2.17", "-mcpu=arm1176jzf_s", "-pie", "-fPIE"),
    "linux-arm-v7": ("arm-linux-gnueabihf.2.17", "-mcpu=generic+v7a-neon-d32", "-pie", "-fPIE"),
    "linuxstatic-x64": ("x86_64-linux-musl", "-static", "-pie", "-fPIE"),
    "freebsd-x64": ("x86_64-freebsd", "-pie", "-fPIE"),
    "macos-arm64": ("aarch64-macos",),
}
OBJECTS = {
    "linux-x64.o": ("x86_64-linux-gnu.2.17",),
    "linux-arm.o": ("arm-linux-gnueabihf.2.17",),
    "linux-arm-v6.o": ("arm-linux-gnueabihf.2.17", "-mcpu=arm1176jzf_s"),
}
HARDENED = {
    "linux-x64-hardened": ("x86_64-linux-gnu.2.17", "-pie", "-fPIE", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=3"),
}
MARKS = {
    "linux-x64-marked.so": ("x86_64-linux-gnu.2.17", "-fcf-protection=full"),
    "linux-arm64-marked.so": ("aarch64-linux-gnu.2.17", "-mbranch-protection=bti"),
}
# Name of the file -> processor as zig's compiler, dlltool and linker call it.
WINDOWS = {
    "win-x64.pyd": ("x86_64", "i386:x86-64", "x64"),
    "win-arm64.pyd": ("aarch64", "arm64", "arm64"),
    "win-x86.pyd": ("x86", "i386", "x86"),
}


def make(folder: Path) -> dict[str, bytes]:
    """Compile every fixture in ``folder``; return their contents by name."""
    (folder / "addon.c").write_text(ADDON)
    (folder / "program.c").write_text(PROGRAM)
    (folder / "buffer.c").write_text(BUFFER)
    (folder / "marked.c").write_text(MARKED)
    (folder / "windows.c").write_text(WINDOWS_ADDON)
    for name, (target, *flags) in ADDONS.items():
        _zig(folder, "cc", "-target", target, "-shared", "-fPIC", *flags, "-Os", "-s", "-o", name, "addon.c")
    for name, (target, *flags) in PROGRAMS.items():
        _zig(folder, "cc", "-target", target, *flags, "-Os", "-s", "-o", name, "program.c")
    for name, (target, *flags) in HARDENED.items():
        _zig(folder, "cc", "-target", target, *flags, "-O2", "-s", "-o", name, "buffer.c")
    for name, (target, *flags) in MARKS.items():
        _zig(folder, "cc", "-target", target, "-shared", "-nostdlib", *flags, "-Os", "-s", "-o", name, "marked.c")
    for name, (target, *flags) in OBJECTS.items():
        _zig(folder, "cc", "-target", target, *flags, "-Os", "-g0", "-c", "-o", name, "addon.c")
    for name, processor in WINDOWS.items():
        _link_for_windows(folder, name, *processor)
    names = (*ADDONS, *PROGRAMS, *HARDENED, *MARKS, *OBJECTS, *WINDOWS)
    return {name: (folder / name).read_bytes() for name in names}


def _link_for_windows(folder: Path, name: str, compiler: str, dlltool: str, linker: str) -> None:
    _zig(folder, "cc", "-target", f"{compiler}-windows-gnu", "-Os", "-g0", "-c", "-o", "windows.o", "windows.c")
    libraries = []
    for library, symbols in DEFINITIONS.items():
        (folder / f"{library}.def").write_text(f"LIBRARY {library}.dll\nEXPORTS\n{symbols}\n")
        _zig(folder, "dlltool", "-m", dlltool, "-d", f"{library}.def", "-l", f"{library}.lib")
        libraries.append(f"{library}.lib")
    options = (
        "/dll",
        "/noentry",
        "/nodefaultlib",
        "/brepro",
        "/guard:cf",
        "/safeseh:no",
        "/delayload:later.dll",
        "/lldmingw",
    )
    version = "/subsystem:windows,10.0"
    _zig(folder, "lld-link", *options, version, f"/machine:{linker}", f"/out:{name}", "windows.o", *libraries)


def _zig(folder: Path, *command: str) -> None:
    subprocess.run([sys.executable, "-m", "ziglang", *command], cwd=folder, check=True)


def main() -> None:
    """Replace the fixtures."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in make(Path(folder)).items():
            (FIXTURES / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))


if __name__ == "__main__":
    main()
