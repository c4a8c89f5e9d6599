"""Programs under test start in an ordinary state, whatever pytest was started in."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import process_state

STATE = """
import json, os, resource, signal
print(json.dumps({
    "ignored": sorted(n for n in signal.valid_signals() if signal.getsignal(n) is signal.SIG_IGN),
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "umask": os.umask(0o22),
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
}))
"""
START = f"""
import subprocess, sys
from process_state import ordinary_process_state
with ordinary_process_state():
    subprocess.run([sys.executable, "-c", {STATE!r}], check=True)
subprocess.run([sys.executable, "-c", {STATE!r}], check=True)
"""
ODD_SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]


def _odd_state() -> None:
    for number in ODD_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def _states() -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", START],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_odd_state,
        env={**os.environ, "PYTHONPATH": str(Path(process_state.__file__).parent)},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_children_start_in_an_ordinary_state() -> None:
    pythons_own = sorted([signal.SIGPIPE, signal.SIGXFSZ])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    inside, after = _states()
    assert inside == {
        "ignored": pythons_own,
        "blocked": [],
        "umask": process_state.UMASK,
        "core": 0,
        "descriptors": min(process_state.DESCRIPTORS, hard) if hard >= 0 else process_state.DESCRIPTORS,
    }
    assert after["ignored"] == sorted([*ODD_SIGNALS, *pythons_own])
    assert (after["blocked"], after["umask"], after["descriptors"]) == ([signal.SIGUSR1], 0o077, 200)


def test_it_holds_for_these_tests() -> None:
    state = json.loads(subprocess.run([sys.executable, "-c", STATE], check=True, capture_output=True).stdout)
    assert (state["umask"], state["core"], signal.SIGINT in state["ignored"]) == (process_state.UMASK, 0, False)
