"""What zig makes of the flags that a compiler is given.

`zig cc` reads flags itself and passes clang its own choice. Some it changes without a word, and here is the one place
that knows them: what can be had in another way is translated, the rest is an error. Measured with zig 0.17.1
(clang 22.1.8) through `zig cc --verbose`; tests/unit/forge/toolchain/test_zig.py measures it again.

- `-O1`, `-O3`, `-O4` and `-Ofast` become `-O2`, `-Oz` becomes `-Os`. `-O`, `-O0`, `-Og` and no level at all add the
  sanitizer of undefined behaviour and a stack protector.
- `-fPIE` becomes `-fPIC`: the executable's own data is reached through the global offset table, and thread-local
  variables by a call, as if another library could replace them. `_EXECUTABLE` says it in clang's own words.
- `-fstack-protector` and `-fstack-protector-all` become `-fstack-protector-strong`.
- `-mtune=X` becomes `-march=X`: the result needs the processor that it should only be fast on.
- Not asked for, but there: `-g`, `-fno-omit-frame-pointer`, `-DNDEBUG` from `-O1` on, and `-Werror=date-time`.

Hardening works as clang's manual says: `-fstack-protector-strong` from `-O2` on only if asked for, `-D_FORTIFY_SOURCE`
with glibc's headers, which the version of the target limits to functions that it has; musl's headers have nothing for
it. compiler_rt is one object with functions of its own for `__stack_chk_fail`, `__memcpy_chk` and the like: a program
that needs anything of it (a base does) has these, and does not ask the C library for them.
`-fcf-protection` (x86) and `-mbranch-protection` (AArch64) mark an object with a note that the linker keeps only if
all objects have it. zig compiles start code, C library and compiler_rt without, so no program has it.

Flags that zig refuses need no rule here: `-march` with a hyphen in the processor's name (it is `x86_64_v2`), and at the
link `-z pack-relative-relocs`, `-z separate-code`, `--lto-O*`, `-mllvm`, `--exclude-libs`, `--icf`.

`-Xclang=-O3` gives the level that `-O3` does not, and is not used: together with an instrumentation profile it merged
the jumps of CPython's interpreter loop into half as many. tests/bases/test_base.py counts them.

Data of a shared C library: the libraries that zig links against are made from lists of names, in which two names of one
variable (`environ`, `__environ`) have different addresses. Were such a variable copied into the executable, as direct
access needs, the library would go on with its own: `environ` would stay empty. `indirect_header` exempts variables, and
the linker flag `-z nocopyreloc` makes one that was forgotten an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pypkg_core.errors import PypkgError

__all__ = ["indirect_header", "zig_flags"]

_CHECKED: Final = "with the sanitizer of undefined behaviour"
# Flag -> what zig makes of it.
_CHANGED: Final = {
    "-O": f"-O1 {_CHECKED}",
    "-O0": f"-O0 {_CHECKED}",
    "-Og": f"-O0 {_CHECKED}",
    "-O1": "-O2",
    "-O3": "-O2",
    "-O4": "-O2",
    "-Ofast": "-O2",
    "-Oz": "-Os",
    "-fpic": "-fPIC",
    "-fpie": "-fPIC",
    "-fstack-protector": "-fstack-protector-strong",
    "-fstack-protector-all": "-fstack-protector-strong",
}
# Each is one word, because build systems reorder flags and drop the second of two equal ones.
_EXECUTABLE: Final = ("-fPIE", "-Xclang=-pic-is-pie", "-fdirect-access-external-data")


def zig_flags(flags: Iterable[str]) -> tuple[str, ...]:
    """Return the flags with which zig does what ``flags`` say.

    Args:
        flags: compiler flags, as clang's manual describes them.

    Raises:
        PypkgError: zig would silently do something else.
    """
    words: list[str] = []
    for flag in flags:
        name, _, value = flag.partition("=")
        if flag in _CHANGED:
            raise PypkgError(
                f"The compiler flag {flag} cannot be had: zig makes {_CHANGED[flag]} of it",
                hint="Change the flags of the machine in forge/pypkg_core/targets/data/targets.toml",
            )
        if flag == "-fPIE":
            words += _EXECUTABLE
        elif name == "-mtune":
            words += ["-Xclang=-tune-cpu", f"-Xclang={value}"]
        else:
            words.append(flag)
    return tuple(words)


def indirect_header(variables: Iterable[str]) -> str:
    """Return a C header, to be included first, after which ``variables`` are reached through the global offset table.

    A weak variable may be missing, so clang does not access it directly. One that a source does not mention would be a
    warning, but for the pragma that declares this a header of the system.
    """
    pragmas = "".join(f"#pragma weak {name}\n" for name in variables)
    return f"#ifndef __ASSEMBLER__\n#pragma clang system_header\n{pragmas}#endif\n"
