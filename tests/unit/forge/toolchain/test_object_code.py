"""What the wrappers and the flags of the table make of C: access to data, the jumps of an interpreter, linking.

The flags are those of each platform that can be built; its other processors are compiled for too.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

import needs
from disassembly import indirect_jumps
from pypkg_core.binaries import inspect_file
from pypkg_core.binaries.binary import Protection
from pypkg_core.cache import forge_dir
from pypkg_core.targets.build_settings import Build
from pypkg_core.targets.catalogue import Machine, catalogue
from pypkg_core.targets.host import host_target
from pypkg_forge.data import data_dir
from pypkg_forge.toolchain.wrappers import WrapperPaths, find_toolchain, write_wrappers
from pypkg_forge.toolchain.zig import zig_flags


@dataclass(frozen=True)
class Case:
    """A machine, and how its platform is built."""

    machine: Machine
    build: Build

    def __str__(self) -> str:
        return f"{self.machine.platform}-{self.machine.arch}"


MACHINES = catalogue().machines.values()
BUILDS = {target.platform: target.build for target in catalogue().targets() if target.build is not None}
CASES = [
    Case(machine, BUILDS[machine.platform])
    for machine in MACHINES
    if machine.platform in BUILDS and machine.arch in {"x64", "arm64"}
]
HOST = [case for case in CASES if case.machine.arch == host_target().arch]

DATA = """
#include <stdio.h>
extern int elsewhere;
extern char **environ;
int visible = 1;
__attribute__((visibility("default"))) int exported = 2;
static int hidden = 3;
static __thread int of_a_thread = 4;
int *address(void) { return &hidden; }
int sum(void)
{
    return elsewhere + visible++ + exported++ + hidden++ + of_a_thread++ + (environ == 0) + (stdout == 0);
}
"""
# `environ` and `tzname` have other names in the C library, under which it sets them.
PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
extern char **environ;
int main(void)
{
    int count = 0;
    setenv("ADDED", "1", 1);
    setenv("TZ", "EST5EDT", 1);
    tzset();
    for (char **entry = environ; entry && *entry; entry++) count++;
    fprintf(stdout, "%d %s %s\\n", count, tzname[0], tzname[1]);
    environ = (char *[]){"REPLACED=yes", NULL};
    fprintf(stdout, "%s\\n", getenv("REPLACED"));
    return 0;
}
"""
# A parser of a line: a buffer of its own, a copy of known length, one of a length that comes from outside.
PARSER = """
#include <string.h>
int parse(const char *line, unsigned long length)
{
    char word[16];
    memcpy(word, line, length);
    return word[length / 2];
}
int add(int one, int other) { return one + other; }
"""
GUARD = "__stack_chk_fail"
CHECKED = "__memcpy_chk"
INSTRUCTIONS = 128
# Kinds of relocations by which code reaches a variable through the global offset table, a thread's by a call.
THROUGH_TABLE = {
    # The x86-64 psABI, 4.4: GOTPCREL, GOTPCRELX, REX_GOTPCRELX; TLSGD, TLSLD, GOTPC32_TLSDESC.
    "EM_X86_64": {9, 41, 42, 19, 20, 34},
    # ELF for the Arm 64-bit Architecture, 5.7: GOT_LD_PREL19 to LD64_GOTPAGE_LO15; TLSGD, TLSLD, TLSDESC.
    "EM_AARCH64": {*range(309, 314), *range(512, 539), *range(560, 570)},
}


def compiler(folder: Path, case: Case, cache: Path) -> Path:
    """Write the wrappers of a machine; return the target's compiler."""
    toolchain = find_toolchain()
    paths = WrapperPaths(
        tools=folder / "tools",
        zig=toolchain.zig,
        cmake=toolchain.cmake,
        cache=cache,
        root=folder,
        prefix=folder / "prefix",
        runtime=data_dir("patches") / "runtime",
    )
    write_wrappers(case.machine, case.build.indirect, "posix", paths)
    return paths.tools / "pypkg-cc"


def compiled(folder: Path, case: Case, source: str, flags: Sequence[str]) -> Path:
    """Compile a source as the forge does, with ``flags`` instead of the machine's."""
    needs.module("ziglang")
    (folder / "source.c").write_text(source)
    path = compiler(folder, case, folder / "cache")
    subprocess.run([path, *flags, "-c", "source.c", "-o", "object.o"], cwd=folder, check=True)
    return folder / "object.o"


def linked(folder: Path, case: Case, source: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Link a program of one source as the forge links a base."""
    needs.module("ziglang")
    (folder / "program.c").write_text(source)
    path = compiler(folder, case, forge_dir() / "zig")
    flags = [*zig_flags(case.build.cflags), *case.build.ldflags, *more]
    command = [str(path), *flags, "program.c", "-o", "program"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def relocations(path: Path) -> tuple[set[str], set[str]]:
    """Return the symbols that an object's code refers to, and those of them that it reaches through a table."""
    symbols, indirect = set(), set()
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        for section in elf.iter_sections():
            if not isinstance(section, RelocationSection) or not section.name.startswith(".rela.text"):
                continue
            table = elf.get_section(section["sh_link"])
            assert isinstance(table, SymbolTableSection)
            for relocation in section.iter_relocations():
                name = table.get_symbol(relocation["r_info_sym"]).name
                symbols.add(name)
                if relocation["r_info_type"] in THROUGH_TABLE[elf["e_machine"]]:
                    indirect.add(name)
    return symbols, indirect


def interpreter() -> str:
    """Return a small interpreter, each of whose instructions jumps to the next."""
    labels = ", ".join(f"&&op{number}" for number in range(INSTRUCTIONS))
    bodies = "".join(
        f"op{number}: stack[{number % 7}] = stack[{number % 5}] {'+-*^'[number % 4]} {number}; goto *table[*code++];\n"
        for number in range(INSTRUCTIONS - 1)
    )
    return (
        f"long run(const unsigned char *code, long *stack)\n{{\nstatic const void *const table[] = {{{labels}}};\n"
        f"goto *table[*code++];\n{bodies}op{INSTRUCTIONS - 1}: return stack[0];\n}}\n"
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_own_data_is_accessed_directly(case: Case, tmp_path: Path) -> None:
    symbols, indirect = relocations(compiled(tmp_path, case, DATA, zig_flags(case.build.cflags)))
    assert {"visible", "elsewhere", "environ", "of_a_thread"} <= symbols
    assert indirect == {"environ", "stdout"} & set(case.build.indirect)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_translation_it_is_not(case: Case, tmp_path: Path) -> None:
    """Shows that the test above sees the difference, and that zig still makes one."""
    _, indirect = relocations(compiled(tmp_path, case, DATA, case.build.cflags))
    assert {"exported", "elsewhere"} <= indirect


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_instruction_of_an_interpreter_jumps_by_itself(case: Case, tmp_path: Path) -> None:
    flags = zig_flags([*case.build.cflags, *case.build.python_cflags])
    assert indirect_jumps(compiled(tmp_path, case, interpreter(), flags), "run") >= 100


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_reads_input_is_protected(case: Case, tmp_path: Path) -> None:
    build = case.build
    glibc = catalogue().platforms[case.machine.platform].libc == "glibc"
    symbols, _ = relocations(compiled(tmp_path, case, PARSER, zig_flags([*build.cflags, *build.hardening_cflags])))
    assert {GUARD, CHECKED} & symbols == ({GUARD, CHECKED} if glibc else {GUARD})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_core_is_not(case: Case, tmp_path: Path) -> None:
    """Shows that the test above sees the difference: zig adds no protection by itself."""
    flags = zig_flags([*case.build.cflags, *case.build.python_cflags])
    symbols, _ = relocations(compiled(tmp_path, case, PARSER, flags))
    assert not {GUARD, CHECKED} & symbols


@pytest.mark.forge
@pytest.mark.parametrize("case", HOST, ids=str)
def test_no_program_has_the_marks_of_its_objects(case: Case, tmp_path: Path) -> None:
    """A note that the platform's row says is missing; where it is there, the row and the flags of the table change."""
    flag = {"x64": "-fcf-protection=full", "arm64": "-mbranch-protection=bti"}[case.machine.arch]
    marked = {Protection.BRANCH_TARGETS, Protection.SHADOW_STACK}
    assert b".note.gnu.property" in compiled(tmp_path, case, PARSER, ["-O2", flag]).read_bytes()
    done = linked(tmp_path, case, "int main(void) { return 0; }\n", flag)
    assert done.returncode == 0, done.stderr
    assert not marked & inspect_file(tmp_path / "program")[0].protections


@pytest.mark.forge
@pytest.mark.parametrize("case", HOST, ids=str)
def test_variables_of_the_c_library_are_the_librarys_own(case: Case, tmp_path: Path) -> None:
    needs.host("linux")
    done = linked(tmp_path, case, PROGRAM)
    assert done.returncode == 0, done.stderr
    environment = {"ONE": "1", "TWO": "2"}
    done = subprocess.run([tmp_path / "program"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "4 EST EDT\nyes\n"


@pytest.mark.forge
@pytest.mark.parametrize("case", [case for case in CASES if case.build.indirect], ids=str)
def test_a_variable_that_would_be_copied_is_an_error_of_the_linker(case: Case, tmp_path: Path) -> None:
    done = linked(tmp_path, case, "#include <getopt.h>\nint main(void) { return optind; }\n")
    assert done.returncode != 0
    assert "against symbol 'optind'" in done.stderr
