"""The tools that pypkg is measured against, installed from the package index."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from measure import once

__all__ = ["Build", "Peers", "PypkgTool"]

CLI_PACKAGES = ("requests", "rich", "flask")
PEER_PACKAGES = ("pyinstaller", "nuitka")


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """An executable and the seconds it took to make."""

    path: Path
    seconds: float

    @property
    def megabytes(self) -> float:
        """Size of the file in millions of bytes."""
        return self.path.stat().st_size / 1e6

    def output(self) -> str:
        """Run it and return its output."""
        return subprocess.run([self.path], check=True, capture_output=True, text=True).stdout


class Peers:
    """A virtual environment with the benchmark's packages and the peers, and the executables that they make."""

    def __init__(self, interpreter: Path, work: Path, *, nuitka: bool) -> None:
        self._work = work
        self.python = work / "venv" / "bin" / "python"
        packages = [*CLI_PACKAGES, *(PEER_PACKAGES if nuitka else PEER_PACKAGES[:1])]
        subprocess.run([interpreter, "-m", "venv", work / "venv"], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "--quiet", "--no-input", *packages], check=True)

    def output(self, script: Path) -> str:
        """Run a script from source and return its output."""
        return subprocess.run([self.python, "-B", script], check=True, capture_output=True, text=True).stdout

    def python_version(self) -> str:
        """The exact version of the interpreter."""
        return subprocess.run([self.python, "-V"], check=True, capture_output=True, text=True).stdout.split()[1]

    def version(self, package: str) -> str:
        """The installed version of a package."""
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        return subprocess.run([self.python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    def pyinstaller(self, script: Path, *options: str) -> Build:
        """Package into one file, without a cache (``--clean``)."""
        folder = self._fresh(f"pyinstaller-{script.stem}")
        folders = ["--distpath", str(folder), "--workpath", str(folder / "work"), "--specpath", str(folder)]
        line = ["-m", "PyInstaller", "--onefile", "--clean", "--noconfirm", *folders, *options, str(script)]
        return Build(seconds=once([self.python, *line], cwd=folder), path=folder / script.stem)

    def nuitka(self, script: Path) -> Build:
        """Package into one file."""
        folder = self._fresh(f"nuitka-{script.stem}")
        options = ["--mode=onefile", "--assume-yes-for-downloads", f"--output-dir={folder}"]
        return Build(
            seconds=once([self.python, "-m", "nuitka", *options, script], cwd=folder),
            path=folder / f"{script.stem}.bin",
        )

    def _fresh(self, name: str) -> Path:
        folder = self._work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder


class PypkgTool:
    """pypkg, with a cache that at first contains only the base of one target."""

    def __init__(self, target: str, base: Path, python: Path, work: Path) -> None:
        self._target = target
        self._base = base
        self._python = python
        self._folder = work / f"pypkg-{target}"
        self._cache = self._folder / "cache"

    def forget(self) -> None:
        """Empty the cache except for the base, so that the next build compiles everything."""
        shutil.rmtree(self._cache, ignore_errors=True)
        folder = self._cache / self._base.parent.name
        folder.mkdir(parents=True)
        for path in self._base.parent.glob(f"{self._base.name}*"):
            shutil.copy2(path, folder / path.name)

    def build(self, script: Path, *, output: Path | None = None, memory: int | None = None) -> Build:
        """Package a script, configured by a ``pypkg.toml`` next to it.

        Args:
            output: the executable; by default in a directory of the tool.
            memory: limit on the private memory of each of the packager's processes, in bytes.
        """
        output = output or self._folder / script.stem
        config = script.with_name("pypkg.toml")
        limit = ["sh", "-c", f'ulimit -d {memory >> 10}; exec "$@"', "sh"] if memory else []
        line: list[str | Path] = [
            *limit,
            Path(sys.executable).with_name("pypkg"),
            "-t",
            self._target,
            "-o",
            output,
            "--python",
            self._python,
            *(["-c", str(config)] if config.exists() else []),
            script,
        ]
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self._folder), "PYPKG_CACHE_PATH": str(self._cache)}
        return Build(seconds=once(line, env=env), path=output)
