"""Runs test files of a packaged program in parallel; each outcome is stored at once, and found by the next run."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cpython.outcome import Outcome, load_outcome, read_outcome, store_outcome
from emulation import command, is_emulated
from pypkg_core.cache import cache_root

__all__ = ["FILE_SECONDS", "command_of", "results_folder", "run_file", "running", "seconds_of"]

# Of one file and of one test case; asyncio's tests take the longest, and machines of continuous integration are slow.
FILE_SECONDS: Final = 1200
_CASE_SECONDS: Final = 600
# How many times as long they may take with an emulator.
_EMULATED: Final = 4
# They mostly wait, so they start first.
_LONGEST: Final = ("test_asyncio", "test.test_multiprocessing_", "test.test_concurrent_futures.")
# Tests are made for an ordinary user: what may not be done must fail. But one who can look at his own processes: some
# tests wait for ever otherwise.
_USER: Final = "nobody"

# These read from the interpreter, for ever if the program was started instead, as explained.toml says of other tests.
_ENDLESS: Final = "test.test_cmd_line_script.CmdLineTest.test_repl_std*_flush*"

Command = Callable[[str, Path], Sequence[str | Path]]


def results_folder(target: str, key: str, parent: Path | None = None) -> Path:
    """Return where the outcomes and logs of a program are kept: below ``parent``, by default in the cache."""
    return (parent or cache_root() / "tests" / "cpython-results") / f"{target}-{key}"


def command_of(program: Path) -> Command:
    """Return the command line of a packaged program for a test file and its record."""
    seconds = _CASE_SECONDS * _slowness(program)

    def words(name: str, record: Path) -> Sequence[str | Path]:
        return command(program, "--record", record, f"--timeout={seconds}", "--ignore", _ENDLESS, "-v", name)

    return words


def seconds_of(program: Path) -> int:
    """Return how long a file of a packaged program may take."""
    return FILE_SECONDS * _slowness(program)


def _slowness(program: Path) -> int:
    return _EMULATED if is_emulated(program) else 1


@contextmanager
def running(
    words: Command, names: Iterable[str], results: Path, *, jobs: int = 2, seconds: int = FILE_SECONDS
) -> Iterator[Mapping[str, Future[Outcome]]]:
    """Run test files in parallel to the block; those with a stored outcome are not run again.

    When the block ends, files that have not been started are not run, and the block's end waits for the others.

    Args:
        words: what to start for a file, given the path of the record to write.
        names: the files.
        results: gets ``<name>.json`` and ``<name>.log`` of each; created if necessary.
        jobs: how many run at a time.
        seconds: after which a file is killed.
    """
    results.mkdir(parents=True, exist_ok=True)

    def run(name: str) -> Outcome:
        stored = results / f"{name}.json"
        outcome = load_outcome(stored)
        if outcome is None:
            outcome = run_file(words, name, log=results / f"{name}.log", seconds=seconds)
            store_outcome(outcome, stored)
        return outcome

    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        yield {name: pool.submit(run, name) for name in sorted(names, key=lambda name: not name.startswith(_LONGEST))}
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run_file(words: Command, name: str, *, log: Path, seconds: int = FILE_SECONDS) -> Outcome:
    """Run one test file in a folder of its own, as an ordinary user, and end what it leaves behind.

    Args:
        words: as for `running`.
        name: the file.
        log: gets what it prints.
        seconds: after which it is killed.
    """
    # A short path: tests add to it and use it as the address of a socket, which has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="pypkg-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        user, group = _ordinary_user(scratch)
        record = scratch / "record.jsonl"
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                words(name, record),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env={"PATH": os.defpath, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"},
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
            )
            try:
                exit_code: int | None = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                exit_code = None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return read_outcome(name, record, log, exit_code, seconds=round(time.monotonic() - started))


def _ordinary_user(scratch: Path) -> tuple[int, int] | tuple[None, None]:
    """Give the folder to the user that tests run as; return that user and its group, ``None`` for the present ones."""
    if os.geteuid() != 0 or not _may_search(Path("/proc")):
        return None, None
    user = pwd.getpwnam(_USER)
    os.chown(scratch, user.pw_uid, user.pw_gid)
    return user.pw_uid, user.pw_gid


def _may_search(folder: Path) -> bool:
    """Whether every user may."""
    return folder.stat().st_mode & stat.S_IXOTH != 0
