"""The standard library at another optimisation level: the base's sources, compiled again and kept by their hash."""

from __future__ import annotations

import sys
from pathlib import Path

from pypkg.compile.compiler import COMPILE, Compiler, candidates
from pypkg.environment.fit import system_name
from pypkg.messages import Messages
from pypkg_core.bases.store import Base
from pypkg_core.cache import cache_root
from pypkg_core.errors import PypkgError

__all__ = ["compile_library"]


def compile_library(base: Base, level: int, messages: Messages) -> dict[str, bytes]:
    """Return the code of every module in a base's image at an optimisation level, by the module's name.

    Args:
        level: 1 as under ``-O``, 2 as under ``-OO``.

    Raises:
        PypkgError: a source is damaged or does not compile, or there is no Python of the base's version here.
    """
    target = base.target
    major, minor = (int(part) for part in target.series.split("."))
    modules = [module for module in base.image.modules if module.kind.has_code and not module.entry.withheld]
    messages.step(f"{target.name}: compiling the standard library for {'-' + 'O' * level}")
    codes = {}
    with Compiler(
        version=(major, minor),
        platform=system_name(target),
        pythons=candidates(target.series, base.path, Path(sys.executable)),
        optimize=level,
        cache=cache_root() / "compiled",
    ) as compiler:
        for module in modules:
            compiler.submit(module.entry.path, base.image.read(module.entry), COMPILE)
        for module in modules:
            scanned = compiler.result(module.entry.path, COMPILE)
            if scanned.error is not None:
                raise PypkgError(f"Cannot compile {module.entry.path} of the base {base.path}: {scanned.error[0]}")
            codes[module.name] = scanned.code
    return codes
