"""The standard library at another optimisation level: the base's sources, compiled again."""

from __future__ import annotations

from pypkg.compile.compiler import Compiler
from pypkg.compile.worker.protocol import COMPILE
from pypkg_core.bases.record import Base
from pypkg_core.errors import PypkgError

__all__ = ["compile_stdlib"]


def compile_stdlib(base: Base, compiler: Compiler) -> dict[str, bytes]:
    """Return the code of every module in a base's image, by the module's name.

    Args:
        compiler: for the base's target, at the requested optimisation level.

    Raises:
        PypkgError: a source is damaged or does not compile; a worker crashed.
    """
    modules = [module for module in base.image.modules if module.kind.has_code and not module.entry.withheld]
    for module in modules:
        compiler.submit(module.entry.path, base.image.read(module.entry), COMPILE)
    codes = {}
    for module in modules:
        compiled = compiler.result(module.entry.path, COMPILE)
        if compiled.error is not None:
            raise PypkgError(f"Cannot compile {module.entry.path} of the base {base.path}: {compiled.error.message}")
        codes[module.name] = compiled.code
    return codes
