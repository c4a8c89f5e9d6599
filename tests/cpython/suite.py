"""The tests of a CPython release, run one file at a time by a base of that release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pypkg_core.cache import cache_root, locked, sources_dir

__all__ = ["TESTS", "Outcome", "extract_tests", "release_of", "run_test", "running_tests"]

TESTS = (
    "test_os",
    "test_io",
    "test_fileio",
    "test_pathlib",
    "test_importlib",
    "test_json",
    "test_sqlite3",
    "test_ssl",
    "test_ctypes",
    "test_zlib",
    "test_decimal",
    "test_asyncio",
    "test_subprocess",
)
LONGEST = "test_asyncio"
DRIVER = Path(__file__).with_name("driver.py")
FILE_SECONDS = 1200


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The result of one test file; ``failed`` and ``skipped`` map a test case to its message."""

    name: str
    passed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def _source_archive(version: str) -> Path:
    found = [path for path in sorted(sources_dir().glob(f"*{version}*")) if "ython" in path.name and ".t" in path.name]
    if not found:
        raise FileNotFoundError(f"No source archive of Python {version} in {sources_dir()}; run: pypkg-forge sources")
    return found[0]


def extract_tests(version: str) -> Path:
    """Return a directory with ``test`` of this exact release, extracted once from the forge's source archive."""
    folder = cache_root() / "tests" / f"cpython-{version}-tests"
    done = folder / "complete"
    with locked(folder):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with tarfile.open(_source_archive(version)) as archive:
                # Python 3.11.2 has no extraction filters; the archive is trusted, because its hash is pinned.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(folder, members=_test_members(archive))  # noqa: S202
            done.touch()
    return folder


def _test_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        parts = Path(member.name).parts
        # Python-3.13.5/Lib/test/test_os.py -> test/test_os.py; 3.11 has ctypes' tests in ctypes/test.
        if parts[1:3] == ("Lib", "test") or parts[1:4] == ("Lib", "ctypes", "test"):
            member.name = str(Path(*parts[2:]))
            yield member


def release_of(python: Path) -> str:
    """Return the exact release of an interpreter: ``3.13.5``."""
    code = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def run_test(python: Path, name: str, scratch: Path, *, tests: Path) -> Outcome:
    """Run one test file.

    Args:
        python: the interpreter.
        name: ``test_os``.
        scratch: an empty directory for what the tests write, and for the log (``<name>.log``).
        tests: the directory with the package ``test`` of its release.
    """
    record = scratch / f"{name}.jsonl"
    log = scratch / f"{name}.log"
    environment = {"PATH": os.defpath, "HOME": str(scratch), "TMPDIR": str(scratch), "LANG": "C.UTF-8"}
    with log.open("wb") as output:
        try:
            exit_code = subprocess.run(
                [python, DRIVER, tests, record, name],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env=environment,
                timeout=FILE_SECONDS,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            exit_code = -1
    return _read_outcome(name, record, log, exit_code)


def _read_outcome(name: str, record: Path, log: Path, exit_code: int) -> Outcome:
    lines = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    failed = {line["test"]: line["message"] for line in lines if line["outcome"] == "failed"}
    skipped = {line["test"]: line["message"] for line in lines if line["outcome"] == "skipped"}
    last = log.read_text(errors="replace").strip().splitlines()[-8:]
    if not lines and exit_code == 0:
        skipped[name] = next((line for line in last if "skipped --" in line or "ResourceDenied" in line), "no test ran")
    elif exit_code != 0 and not failed:
        failed[name] = f"exit code {exit_code}: " + " / ".join(last)
    passed = len({line["test"] for line in lines if line["outcome"] == "passed"} - failed.keys() - skipped.keys())
    return Outcome(name=name, passed=passed, failed=failed, skipped=skipped)


@contextmanager
def running_tests(python: Path, names: Sequence[str], scratch: Path) -> Iterator[Mapping[str, Future[Outcome]]]:
    """Run test files in parallel to the block, two at a time; the longest, which mostly waits, starts first.

    Args:
        python: the interpreter.
        names: the files, as in ``TESTS``.
        scratch: gets a directory for each.
    """
    tests = extract_tests(release_of(python))

    def run(name: str) -> Outcome:
        folder = scratch / name
        folder.mkdir()
        return run_test(python, name, folder, tests=tests)

    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {name: pool.submit(run, name) for name in sorted(names, key=lambda name: name != LONGEST)}
