"""The two runs: from source on a file system mounted read-only, and packaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulation import command
from pypkg_core.targets.parse import parse_target

from .comparison import Comparison, compare
from .tree import PROJECT_NAME, make_tree, seal

__all__ = ["SMALL", "Workplace", "Workplaces", "cannot_mount", "compare_runs"]

SMALL = 3_000_001
SECONDS = 300
# The tree is copied to a file system of its own at the same path, so that absolute links in it stay valid. Files are
# created in reverse order of names: a result that depends on the order of a directory then differs on every machine.
MOUNT = (
    'mount --bind "$1" "$2" && mount -t tmpfs -o mode=0555,size=2g none "$1" '
    '&& (cd "$2" && find . -print0 | LC_ALL=C sort -z -r | tar -c --null --no-recursion -T - -f -) '
    '| tar -x -p --delay-directory-restore -C "$1" -f - '
    '&& mount -o remount,ro "$1" && shift 2 && exec "$@"'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Workplace:
    """A tree, and an environment for the packager with the tree's distributions."""

    tree: Path
    python: Path


def _namespace() -> list[str]:
    """Return a command that runs another as root of a mount namespace."""
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]


def cannot_mount(folder: Path) -> str:
    """Return why this machine cannot mount a read-only tree, or an empty text if it can."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    try:
        mounting: list[str | Path] = [*_namespace(), "sh", "-c", MOUNT, "sh", folder / "a", folder / "b", "true"]
        done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


class Workplaces:
    """The workplaces of several targets: one for each processor and size, made when it is needed.

    Args:
        folder: a directory for them; it need not exist. What is in it can be deleted once its permissions are changed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, int], Workplace] = {}

    def of(self, target: str, *, large: int = SMALL) -> Workplace:
        """Return the workplace of a target.

        Args:
            target: its name.
            large: size of the tree's large file in bytes.
        """
        key = parse_target(target).arch, large
        if key not in self._made:
            folder = self._folder / f"{key[0]}-{large}"
            folder.mkdir(parents=True)
            self._made[key] = _make_workplace(folder, large=large, arch=key[0])
        return self._made[key]


def _make_workplace(folder: Path, *, large: int, arch: str) -> Workplace:
    """Make the tree and the environment in an empty directory."""
    tree = folder / "tree"
    tree.mkdir()
    make_tree(tree, large=large, arch=arch)
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    site = environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    shutil.copytree(tree / "site-packages", site, dirs_exist_ok=True)
    seal(tree)
    return Workplace(tree=tree, python=environment / "bin" / "python")


def compare_runs(workplace: Workplace, target: str, base: Path, folder: Path) -> Comparison:
    """Package the program, run it both ways and compare.

    The program starts others: `need_processes` first.

    Args:
        workplace: the tree and its environment.
        target: what to package for.
        base: the base of that target, which is also the interpreter of the run from source.
        folder: an empty directory for what the runs write.
    """
    program = folder / "program"
    subprocess.run(
        [Path(sys.executable).parent / "pypkg", "-t", target, "--python", workplace.python, "-o", program,
         workplace.tree / PROJECT_NAME],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    hidden = folder / "hidden"
    hidden.mkdir()
    mounted: list[str | Path] = [*_namespace(), "sh", "-c", MOUNT, "sh", workplace.tree, hidden]
    script = workplace.tree / PROJECT_NAME / "__main__.py"
    source = _start([*mounted, *command(base, "-E", "-s", script)], folder / "source", workplace.tree / "site-packages")
    packaged = _start([*_namespace(), *command(program)], folder / "packaged")
    return compare(target, _results(source, folder / "source"), _results(packaged, folder / "packaged"))


def _start(words: list[str | Path], folder: Path, *arguments: Path) -> subprocess.Popen[bytes]:
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    environment = {"PATH": os.defpath, "HOME": str(scratch), "LANG": "C.UTF-8", "PYPKG_NATIVE_CACHE_PATH": str(folder)}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*words, folder / "results.json", scratch, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=scratch,
            env=environment,
        )


def _results(process: subprocess.Popen[bytes], folder: Path) -> dict[str, Any]:
    code = process.wait(SECONDS)
    said = (folder / "log").read_text(errors="replace")
    if code or said:
        raise AssertionError(f"the run in {folder.name} ended with {code} and printed:\n{said[-3000:]}")
    results: dict[str, Any] = json.loads((folder / "results.json").read_text("utf-8"))
    return results
