"""The state that a process hands on to those it starts, made what a shell on a terminal would hand on.

Whoever starts pytest decides what its children inherit: under ``nohup``, and in the background of a script, signals are
ignored; CI runners have their own umask and limits. Programs under test must not depend on that.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Final

__all__ = ["ordinary_process_state"]

UMASK: Final = 0o022
STACK_BYTES: Final = 8 << 20
DESCRIPTORS: Final = 1024
# Python ignores these itself, and subprocess gives children the default: `restore_signals`.
_PYTHONS_OWN: Final = {signal.SIGPIPE, signal.SIGXFSZ}


@contextmanager
def ordinary_process_state() -> Iterator[None]:
    """Run the block with an ordinary umask, ordinary limits, and signals that children do not ignore."""
    with ExitStack() as undo:
        undo.callback(os.umask, os.umask(UMASK))
        for limit, expected in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_STACK, STACK_BYTES),
            (resource.RLIMIT_NOFILE, DESCRIPTORS),
        ):
            soft, hard = resource.getrlimit(limit)
            undo.callback(resource.setrlimit, limit, (soft, hard))
            resource.setrlimit(limit, (expected if hard == resource.RLIM_INFINITY else min(expected, hard), hard))
        undo.callback(signal.pthread_sigmask, signal.SIG_SETMASK, signal.pthread_sigmask(signal.SIG_SETMASK, ()))
        for number in signal.valid_signals() - _PYTHONS_OWN:
            if signal.getsignal(number) is signal.SIG_IGN:
                # This process goes on ignoring it, but a handler, unlike SIG_IGN, does not survive `exec`.
                undo.callback(signal.signal, number, signal.signal(number, _ignore))
        yield


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing."""
