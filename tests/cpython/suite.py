"""All of CPython's tests of a target, or those of the default run: packaged and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from cpython.packaging import listed_tests, packaged_tests
from cpython.report import Result, counts
from cpython.running import command_of, results_folder, running, seconds_of
from emulation import why_no_processes
from pypkg_core.errors import PypkgError

__all__ = ["GUARD", "run_target"]

# The files of the default run: what a base does differently from CPython shows in these first.
GUARD = (
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


def run_target(
    target: str,
    base: Path,
    names: Sequence[str] | None,
    *,
    jobs: int,
    results: Path | None,
    tell: Callable[[str], None],
) -> Result:
    """Package the tests of a target and run them; what has an outcome is not run again.

    Args:
        target: its name.
        base: its base, in the cache.
        names: test files; ``None`` stands for all.
        jobs: how many files run at a time.
        results: gets a folder for each program; ``None`` stands for the cache.
        tell: gets a line for each file that ends.

    Raises:
        PypkgError: the tests cannot be packaged, or not be run.
    """
    if problem := why_no_processes(base):
        raise PypkgError(f"Cannot run the tests of {target}: programs cannot start each other here: {problem}")
    with packaged_tests(target, base) as program:
        chosen = listed_tests(program) if names is None else names
        folder = results_folder(target, program.key, results)
        tell(f"{target}: {len(chosen)} files, results in {folder}")
        limit = seconds_of(program.path)
        with running(command_of(program.path), chosen, folder, jobs=jobs, seconds=limit) as futures:
            for number, future in enumerate(as_completed(futures.values()), 1):
                outcome = future.result()
                passed, failed, skipped = counts([outcome])
                tell(
                    f"{target} [{number}/{len(chosen)}] {outcome.name}: {passed} passed, {failed} failed,"
                    f" {skipped} skipped, {outcome.seconds} s"
                )
        outcomes = [futures[name].result() for name in chosen]
    return Result(target=target, release=program.release, outcomes=outcomes, complete=names is None)
