"""Reads its files with the C code of its own library, and starts its own programs."""

import ctypes
import ctypes.util
import errno
import os
import subprocess
import sys
from pathlib import Path

NATIVE = Path(__file__).parent / "native"
TEXT = NATIVE / "data" / "a.txt"


def look() -> None:
    """Every operation of a C library on a path."""
    probe = ctypes.CDLL(str(NATIVE / "lib" / "libprobe.so"))

    def ask(call: str, path: Path) -> str:
        function = getattr(probe, call)
        function.restype = ctypes.c_char_p
        return str(function(os.fsencode(path)).decode())

    none = NATIVE / "none"
    assert ask("by_open", TEXT) == ask("by_fopen", TEXT) == ask("by_openat", TEXT.parent) == "packaged\n"
    assert ask("by_open", none) == ask("by_fopen", none) == ask("by_stat", none) == os.strerror(2)
    assert ask("by_stat", TEXT) == ask("by_statx", TEXT) == "size 9"
    assert ask("by_lstat", TEXT) == f"mode {TEXT.lstat().st_mode}"
    assert ask("by_access", TEXT) == "readable"
    assert ask("by_realpath", TEXT.parent / ".." / "data" / "a.txt") == str(TEXT)
    assert ask("by_listing", TEXT.parent) == "entries 1"
    assert ask("by_dlopen", NATIVE / "lib" / "libgreet.so") == "hello from the library"
    assert str(none) in ask("by_dlopen", none)
    if hasattr(sys, "frozen"):
        assert ask("by_writing", none) == os.strerror(30)
    real = Path(os.environ["HOME"]) / "real.txt"
    real.write_text("real")
    assert ask("by_open", real) == ask("by_fopen", real) == "real"
    assert ask("by_stat", real) == "size 4"
    # musl has statx since 1.2.5: before, an addon has to ask otherwise.
    assert ask("by_statx", real) in {"size 4", os.strerror(errno.ENOSYS)}
    assert ask("by_realpath", real) == str(real.resolve())
    os.chdir(TEXT.parent)
    assert ask("by_open", Path("a.txt")) == "packaged\n"
    assert ctypes.util.find_library("no-such-library") is None


def run() -> None:
    """A program with its library next to it, and a file that is not a program."""
    assert (
        subprocess.run([NATIVE / "bin" / "tool"], capture_output=True, check=True).stdout == b"hello from the library\n"
    )
    try:
        subprocess.run([TEXT], check=False)
    except PermissionError:
        pass
    else:
        raise AssertionError("a file that is not executable was started")


def run_script() -> None:
    """A script, whose interpreter is a program of the machine."""
    done = subprocess.run([NATIVE / "bin" / "script", "one"], capture_output=True, check=True, text=True)
    assert done.stdout == "script one\n"


def run_from_c() -> None:
    """The library starts the program."""
    probe = ctypes.CDLL(str(NATIVE / "lib" / "libprobe.so"))
    probe.by_exec.restype = ctypes.c_char_p
    assert probe.by_exec(os.fsencode(NATIVE / "bin" / "tool")) == b"hello from the library\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        {"look": look, "run": run, "run_script": run_script, "run_from_c": run_from_c}[name]()
        print(name)
