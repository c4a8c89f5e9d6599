"""The commands of the README are the commands that CI runs; so are those of nox and of the workflow."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
STEPS = set(re.findall(r"^(\w+)\(\) \{$", SCRIPT, re.MULTILINE))


def _setup_commands() -> list[str]:
    text = README.split("## Set up", 1)[1].split("\n## ", 1)[0]
    return [block.split("```", 1)[0].strip() for block in text.split("```sh\n")[1:]]


def _commands(step: str) -> list[str]:
    body = SCRIPT.split(f"\n{step}() {{\n", 1)[1].split("\n}\n", 1)[0]
    return [line.strip() for line in body.splitlines()]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    install, _, test = _setup_commands()[1].rpartition(" && ")
    assert install in _commands("setup")
    assert _commands("full") == [test, f"{test} -m forge"]


def test_ci_installs_the_debian_packages_of_the_readme() -> None:
    named = README.split("`apt-get install -y ", 1)[1].split("`", 1)[0].split()
    assert len(named) > 3
    assert set(named) <= set(" ".join(_commands("setup")).split())


def test_ci_runs_every_step_and_misses_no_tool() -> None:
    assert "set -- setup lint types full\n" in SCRIPT
    assert {"setup", "lint", "types", "unit", "full"} == STEPS
    assert 'export PYPKG_TESTS_COMPLETE="${PYPKG_TESTS_COMPLETE:-1}"' in SCRIPT


def test_nox_runs_the_same_steps() -> None:
    called = re.findall(r'_run_step\(session, "(\w+)"\)', (ROOT / "noxfile.py").read_text(encoding="utf-8"))
    assert set(called) == STEPS - {"setup"}


def test_the_workflow_runs_the_same_steps() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    quick, everything = re.findall(r"run: \.ci/run ?(.*)$", workflow, re.MULTILINE)
    assert set(quick.split()) == STEPS - {"full"}
    assert everything == ""
