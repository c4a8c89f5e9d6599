"""Sample profiles: making them, and that the compiler accepts them."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import needs
from pypkg_core.targets.catalogue import Target
from pypkg_forge.data import data_dir
from pypkg_forge.toolchain.wrappers import find_toolchain
from unit.forge.choices import first_recipe

TRAIN = Path(__file__).parents[4] / "benchmarks" / "train.py"
SOURCE = """
extern int other(int);

int
often(int a)
{
    if (a < 0)
        return other(a);
    return a + 1;
}

int
once(int a)
{
    return a + 2;
}

int
never(int a)
{
    return a + 3;
}
"""
MAIN = """
int often(int), once(int), never(int);
int other(int a) { return a; }
int main(int count, char **words) {
    int sum = once(count);
    for (int i = 0; i < 1000; i++) sum = often(sum);
    return count > 5 ? never(sum) + words[0][0] : 0;
}
"""
CASES = """TARGET(OFTEN) {
    sum += 1;
    break;
}
LABEL(once) {
    sum += 2;
    break;
}
"""
# Further down than CASES is long: lines of both are counted from the same one.
LOOP = """









#define TARGET(name) case name:
#define LABEL(name) case name:
enum { OFTEN, once };
int sum;
int loop(int instruction) {
    switch (instruction) {
#   include "cases.h"
    }
    return sum;
}
int main(void) { return loop(OFTEN) + loop(OFTEN) + loop(once) + loop(OFTEN) == 0; }
"""


@pytest.fixture(scope="module")
def train() -> ModuleType:
    """The script benchmarks/train.py as a module."""
    spec = importlib.util.spec_from_file_location("train", TRAIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["train"] = module
    spec.loader.exec_module(module)
    return module


def test_a_recipe_has_its_series_profile() -> None:
    target = Target(version="313", platform="linux", arch="x64")
    assert first_recipe(target).profile == data_dir("patches") / "profiles" / "3.13.txt"


@pytest.mark.parametrize("path", sorted((data_dir("patches") / "profiles").iterdir()), ids=lambda path: path.name)
def test_profiles_are_well_formed(path: Path) -> None:
    assert (data_dir("patches") / path.stem).is_dir()
    names, totals, lines = set(), [], 0
    for text in path.read_text("utf-8").splitlines():
        head = re.fullmatch(r"([A-Za-z_]\w*):(\d+):(\d+)", text)
        if head:
            assert head[1] not in names
            names.add(head[1])
            totals.append(int(head[2]))
            continue
        line = re.fullmatch(r" (\d+): \d+", text)
        assert line, text
        assert int(line[1]) < 1 << 16
        lines += 1
    assert totals == sorted(totals, reverse=True)
    assert {"_PyEval_EvalFrameDefault", "r_object", "unicode_eq"} <= names
    assert lines > 5 * len(names)


def test_a_file_included_in_a_function_counts_for_it(train: ModuleType, tmp_path: Path) -> None:
    """As CPython's interpreter loop is, whose instructions may also be functions of their own."""
    needs.tools("gcc", "gcov")
    (tmp_path / "cases.h").write_text(CASES)
    (tmp_path / "loop.c").write_text(LOOP)
    subprocess.run(["gcc", "--coverage", "-O0", "-c", "loop.c"], cwd=tmp_path, check=True)
    subprocess.run(["gcc", "--coverage", "loop.o", "-o", "loop"], cwd=tmp_path, check=True)
    subprocess.run([tmp_path / "loop"], cwd=tmp_path, check=True)
    line = ["gcov", "--json-format", "--stdout", "loop.gcda"]
    document = json.loads(subprocess.run(line, cwd=tmp_path, check=True, capture_output=True).stdout)
    functions: dict[Any, Any] = {}
    train.add_coverage(document, functions, tmp_path)
    found = {function.name: counts for function, counts in functions.items()}
    first = LOOP.splitlines().index("int loop(int instruction) {") + 1
    # The second line of each case, counted from the first line of the loop.
    assert found["loop"].lines[(2 - first) & train.LINE_MASK] == 3
    assert found["loop"].lines[(6 - first) & train.LINE_MASK] == 1
    assert (found["_TAIL_CALL_OFTEN"].calls, found["_TAIL_CALL_OFTEN"].lines[1]) == (3, 3)
    assert (found["_TAIL_CALL_once"].calls, found["_TAIL_CALL_once"].lines[1]) == (1, 1)


def test_workloads_count_alike(train: ModuleType) -> None:
    function, other = train.Function("f", "a.c", 10), train.Function("g", "a.c", 20)
    few = {function: train.Counts(calls=1, lines=train.Counter({1: 2}))}
    many = {other: train.Counts(calls=1000, lines=train.Counter({1: 2000}))}
    merged = train.merge([few, many])
    assert merged["f"].total == merged["g"].total == train.SCALE


def test_of_two_functions_with_one_name_the_hotter_is_kept(train: ModuleType) -> None:
    cold, hot = train.Function("f", "a.c", 10), train.Function("f", "b.c", 5)
    merged = train.merge([{cold: train.Counts(1, train.Counter({1: 1})), hot: train.Counts(9, train.Counter({2: 9}))}])
    assert set(merged["f"].lines) == {2}


def test_from_counts_to_code(train: ModuleType, tmp_path: Path) -> None:
    needs.tools("gcc", "gcov")
    (tmp_path / "functions.c").write_text(SOURCE)
    (tmp_path / "main.c").write_text(MAIN)
    subprocess.run(["gcc", "--coverage", "-O0", "-c", "functions.c"], cwd=tmp_path, check=True)
    subprocess.run(["gcc", "--coverage", "-O0", "main.c", "functions.o", "-o", "main"], cwd=tmp_path, check=True)
    subprocess.run([tmp_path / "main"], cwd=tmp_path, check=True)
    line = ["gcov", "--json-format", "--stdout", "functions.gcda"]
    document = json.loads(subprocess.run(line, cwd=tmp_path, check=True, capture_output=True).stdout)
    functions: dict[object, object] = {}
    train.add_coverage(document, functions, tmp_path)
    profile = "".join(train.profile_lines(train.merge([functions])))
    assert re.findall(r"^(\w+):", profile, re.MULTILINE)[0] == "often"
    # The lines of `often`: its condition, the branch that was never taken, and the other.
    counts = dict(re.findall(r"^ (\d+): (\d+)$", profile.split("once")[0], re.MULTILINE))
    assert counts["2"] == counts["4"] != "0"
    assert counts["3"] == "0"
    (tmp_path / "profile.txt").write_text(profile)
    zig = find_toolchain().zig
    command: list[str | Path] = [
        zig,
        "cc",
        "-target",
        "x86_64-linux-musl",
        "-O2",
        "-g0",
        "-S",
        "functions.c",
        "-o",
        "functions.s",
    ]
    command += [f"-fprofile-sample-use={tmp_path / 'profile.txt'}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assembly = (tmp_path / "functions.s").read_text()
    assert re.search(r"\.section\s+\.text\.hot\S*,[^\n]*\n(\s+\.[^\n]*\n)*often:", assembly)
