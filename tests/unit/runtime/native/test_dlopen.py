"""dlopen of a library in the snapshot, by this machine's own loader."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import needs
from pypkg_core.image import ImageBuilder
from runtime_build import compile_program

from ..conftest import PROGRAMS, CompileLibrary, RunCore, sample_builder

ONE = "int two(void); int answer(void) { return 40 + two(); }\n"
TWO = "int two(void) { return 2; }\n"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, compile_library: CompileLibrary) -> Path:
    """A library that needs another one of its bundle, by a path relative to its own; and files of other kinds."""
    folder = tmp_path_factory.mktemp("libraries")
    two = compile_library(folder / "lib.libs" / "libtwo.so", TWO, "-Wl,-soname,libtwo.so")
    one = compile_library(folder / "lib" / "one.so", ONE, "-Wl,-rpath,$ORIGIN/../lib.libs", two)
    builder = ImageBuilder(mtime=315532800)
    builder.add_file("site-packages/lib/one.so", one)
    builder.add_file("site-packages/lib.libs/libtwo.so", two)
    builder.add_bundle("lib", ["site-packages/lib/one.so", "site-packages/lib.libs/libtwo.so"])
    builder.add_symlink("site-packages/link.so", "lib/one.so")
    builder.add_file("site-packages/text.so", b"no library")
    builder.add_withheld("site-packages/withheld.so")
    path = folder / "image"
    path.write_bytes(builder.build())
    return path


@pytest.mark.parametrize("path", ["lib/one.so", "link.so", "lib/../lib/one.so"])
def test_library_and_what_it_needs(run_loading_core: RunCore, image: Path, tmp_path: Path, path: str) -> None:
    for _ in range(2):
        done = run_loading_core(
            "dlopen", image, f"/snapshot/site-packages/{path}", env={"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)}
        )
        assert done.stdout == "42\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none.so", "No such file or directory"),
        ("text.so", "file too short"),
        ("withheld.so", "Permission denied"),
    ],
)
def test_errors_name_the_library(
    run_loading_core: RunCore, image: Path, tmp_path: Path, name: str, expected: str
) -> None:
    path = f"/snapshot/site-packages/{name}"
    done = run_loading_core("dlopen", image, path, env={"PYPKG_NATIVE_CACHE_PATH": str(tmp_path)})
    assert done.returncode == 1
    assert path in done.stdout and expected in done.stdout


def test_real_libraries_pass_through(run_loading_core: RunCore, image: Path) -> None:
    assert "/none.so" in run_loading_core("dlopen", image, "/none.so").stdout


def test_no_library_gets_the_path_of_another(tmp_path: Path, compile_library: CompileLibrary) -> None:
    builder = sample_builder()
    names = [f"site-packages/library{n}.so" for n in range(4)]
    for n, name in enumerate(names):
        text = f"int answer(void) {{ return {n}; }}\n"
        builder.add_file(name, compile_library(tmp_path / f"{n}" / "library.so", text))
    image_file, program = tmp_path / "image", tmp_path / "numbers"
    image_file.write_bytes(builder.build())
    compile_program(needs.compiler(), program, [PROGRAMS / "numbers.c"])
    done = subprocess.run(
        [program, image_file, *(f"/snapshot/{name}" for name in names)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n1\n2\n3\n", "")
