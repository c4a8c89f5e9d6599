"""A small image, and programs made of the runtime, with the sanitizers that this machine's compiler has."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import needs
from machines import HERE, LOADERS, NAMES, Machine, find_machine
from pypkg_core.image import ImageBuilder, ModuleKind
from runtime_build import compile_program

PROGRAMS = Path(__file__).parent / "programs"
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

RunCore = Callable[..., "subprocess.CompletedProcess[str]"]
CompileLibrary = Callable[..., Path]


def sample_builder() -> ImageBuilder:
    """A tree with one of everything: withheld source, links of all sorts, a bundle, an empty directory."""
    builder = ImageBuilder(mtime=315532800)
    builder.add_file("app/main.py", b"print('hello')\n")
    builder.add_withheld("app/secret.py")
    builder.add_file("app/data/a.txt", b"text\n")
    builder.add_file("app/data/sub/b.txt", b"deeper\n")
    builder.add_directory("app/empty")
    builder.add_file("app/run", b"#!/bin/sh\n", executable=True)
    builder.add_symlink("app/link", "data/a.txt")
    builder.add_symlink("app/up", "../app/data")
    builder.add_symlink("app/absolute", "/snapshot/app/data/sub")
    builder.add_symlink("app/out", "/etc")
    builder.add_symlink("app/loop", "loop")
    builder.add_file("site-packages/lib/one.so", b"ELF one")
    builder.add_file("site-packages/lib.libs/two.so", b"ELF two")
    builder.add_bundle("lib", ["site-packages/lib/one.so", "site-packages/lib.libs/two.so"])
    builder.add_file("site-packages/alone.so", b"ELF alone")
    builder.add_module("__main__", ModuleKind.MODULE, "app/main.py", b"code of main")
    builder.add_module("secret", ModuleKind.MODULE, "app/secret.py", b"code of secret")
    builder.add_entry_point("app")
    builder.set_search_path(["/snapshot/app"])
    builder.set_manifest({"format": 2})
    return builder


@pytest.fixture(scope="session")
def image_bytes() -> bytes:
    return sample_builder().build()


@pytest.fixture(scope="session")
def image_file(image_bytes: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "image"
    path.write_bytes(image_bytes)
    return path


def sanitizers(compiler: str, folder: Path) -> list[str]:
    """Return the options of the sanitizers, if the compiler has them."""
    probe = folder / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    done = subprocess.run([compiler, *SANITIZERS, probe, "-o", folder / "probe"], check=False)
    return SANITIZERS if done.returncode == 0 else []


def _make_runner(machine: Machine, folder: Path, options: list[str], name: str = "core") -> RunCore:
    program = folder / name
    checks = machine.checks or sanitizers(machine.compiler, folder)
    sources = [PROGRAMS / f"{name}.c"]
    flags = [*machine.options, *checks, *options]
    compile_program(machine.compiler, program, sources, flags, linking=machine.linking)

    def run(
        *arguments: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            machine.command(program, *arguments),
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0", **(env or {})},
            cwd=cwd,
        )
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        assert done.returncode in (0, 1), done.stderr
        return done

    return run


@pytest.fixture(scope="session", params=NAMES)
def machine(request: pytest.FixtureRequest) -> Machine:
    """Where the programs run: here, and as 32-bit ARM."""
    return find_machine(request.param)


@pytest.fixture(scope="session")
def run_core(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> RunCore:
    """Run programs/core.c (its commands are in its header comment); a finding of a sanitizer fails the test."""
    return _make_runner(machine, tmp_path_factory.mktemp("core"), [])


@pytest.fixture(scope="session")
def run_core_here(tmp_path_factory: pytest.TempPathFactory) -> RunCore:
    """As `run_core`, on this machine only: for what depends on its C library."""
    return _make_runner(find_machine(HERE), tmp_path_factory.mktemp("core"), [])


@pytest.fixture(scope="session", params=LOADERS)
def run_loading_core(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunCore:
    """As `run_core`, by the loaders of two C libraries: a static program cannot load libraries."""
    return _make_runner(find_machine(request.param), tmp_path_factory.mktemp("core"), [])


@pytest.fixture(scope="session")
def run_unchecked_core(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> RunCore:
    """As `run_core`, but checksums are not verified, so that corrupt tables and contents are read."""
    return _make_runner(machine, tmp_path_factory.mktemp("unchecked"), ["-DPYPKG_UNCHECKED"])


@pytest.fixture(scope="session", params=["checked", "unchecked"])
def run_corruption(
    request: pytest.FixtureRequest, machine: Machine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[bool, RunCore]:
    """Run programs/corruption.c, with checksums verified and not."""
    checked = request.param == "checked"
    options = [] if checked else ["-DPYPKG_UNCHECKED"]
    return checked, _make_runner(machine, tmp_path_factory.mktemp("corruption"), options, "corruption")


@pytest.fixture(scope="session")
def compile_library() -> CompileLibrary:
    """Compiles a C source text into a library at a path; takes more options and libraries for the compiler.

    The libraries need no C library, so that the loader of each can load them.
    """
    compiler = needs.compiler()

    def compile_(out: Path, text: str, *options: str | Path) -> Path:
        out.parent.mkdir(exist_ok=True)
        command = [compiler, "-shared", "-fPIC", "-nostdlib", "-o", out, "-x", "c", "-", "-x", "none", *options]
        subprocess.run(command, check=True, input=text, text=True)
        return out

    return compile_
