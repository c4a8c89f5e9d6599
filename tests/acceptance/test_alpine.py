"""Programs for Alpine run where musl is the only C library: the oldest release that is supported, and a newer one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.environments import make_environment
from acceptance.native_project import machine_of, make_native_project
from acceptance.program import Package, Program
from emulation import need_processes
from fixture_types import BaseOf
from musl_root import MUSLS, MuslRoot, make_root
from pypkg_core.targets.catalogue import Target
from pypkg_core.targets.parse import parse_target
from targets import MUSL

pytestmark = pytest.mark.base

TOUR = Path(__file__).parent / "addons" / "tour.py"
# Versions that have wheels for musl on both processors with 64 bits; the index has few for others.
TOURED = (
    *("numpy==2.2.6", "cryptography==44.0.2", "lxml==5.3.1", "psutil==7.2.2", "pydantic==2.11.7"),
    "packaging==25.0",
)
PARTS = ("pydantic_validates", "lxml_finds", "psutil_looks")
# Their wheels have packed relative relocations, which musl reads since 1.2.4.
PACKED = ("numpy_solves", "cryptography_signs")
WITH_WHEELS = [item for item in MUSL if parse_target(str(item.values[0])).processor.largest_executable is None]

FACTS = """
import importlib.machinery, json, platform, sys, sysconfig
import packaging.tags
print(json.dumps({
    "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "suffixes": importlib.machinery.EXTENSION_SUFFIXES,
    "soabi": sysconfig.get_config_var("SOABI"),
    "machine": platform.machine(),
    "libc": platform.libc_ver()[0],
    "tags": list(packaging.tags.platform_tags()),
    "bits": sys.maxsize.bit_length() + 1,
}))
"""


@pytest.fixture(scope="module", params=MUSLS)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=MUSL)
def target(request: pytest.FixtureRequest) -> Target:
    return parse_target(request.param)


@pytest.fixture(scope="module")
def root(target: Target, release: str, base_of: BaseOf, tmp_path_factory: pytest.TempPathFactory) -> MuslRoot:
    base = base_of(target.name)
    need_processes(base)
    return make_root(tmp_path_factory.mktemp("musl") / "root", release, target, base)


@pytest.fixture(scope="module")
def python() -> Path:
    return make_environment(*TOURED)


@pytest.fixture(scope="module")
def tour(target: Target, package: Package, python: Path) -> Program:
    return package(TOUR, target.name, "--python", python)


def _output(root: MuslRoot, program: Program, *arguments: str) -> str:
    result = root.run(program.path, *arguments)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def test_hello(root: MuslRoot, target: Target, package: Package, hello_script: Path) -> None:
    assert _output(root, package(hello_script, target.name)) == "hello, world\n"


@pytest.mark.index
def test_it_is_a_musl_python(
    root: MuslRoot, target: Target, package: Package, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("facts") / "facts.py"
    script.write_text(FACTS)
    facts = json.loads(_output(root, package(script, target.name, "--python", python)))
    machine = target.machine
    assert facts["suffixes"] == target.extension_suffixes
    assert facts["suffix"] == target.extension_suffixes[0]
    assert facts["suffix"] == f".cpython-{target.version}-{machine.multiarch}.so" == f".{facts['soabi']}.so"
    # Without a choice the emulator is its newest processor, and says so.
    if root.processor or target.processor.emulated_cpu is None:
        assert facts["machine"] == machine.platform_machine
    assert facts["bits"] == (64 if target.processor.largest_executable is None else 32)
    assert facts["tags"][0] == f"musllinux_1_2_{facts['machine']}"
    assert not any("manylinux" in tag for tag in facts["tags"])
    assert facts["libc"] != "glibc"


@pytest.mark.index
@pytest.mark.parametrize("target", WITH_WHEELS, indirect=True)
def test_native_addons_from_the_index(root: MuslRoot, release: str, tour: Program) -> None:
    for part in (*PARTS, *(PACKED if release != "1.2.3" else ())):
        assert _output(root, tour, part) == f"{part}\n"


@pytest.mark.index
@pytest.mark.parametrize("target", WITH_WHEELS, indirect=True)
def test_c_code_of_addons_sees_packaged_files(root: MuslRoot, tour: Program) -> None:
    assert _output(root, tour, "lxml_parses_packaged_file") == "lxml_parses_packaged_file\n"


@pytest.fixture(scope="module")
def native_app(target: Target, package: Package, tmp_path_factory: pytest.TempPathFactory) -> Program:
    project = make_native_project(tmp_path_factory.mktemp("native"), machine_of(target))
    return package(project, target.name)


@pytest.mark.parametrize("part", ["look", "run", "run_from_c"])
def test_native_code_of_the_project(root: MuslRoot, native_app: Program, part: str) -> None:
    assert _output(root, native_app, part) == f"{part}\n"
