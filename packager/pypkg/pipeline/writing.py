"""Write the executables of applications that are ready: image, base, file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from pypkg.diagnostics import Diagnostics
from pypkg.items import Payload
from pypkg.pipeline.executable import write_executable
from pypkg.pipeline.image import build_image
from pypkg.pipeline.package import Prepared
from pypkg.pipeline.source_policy import SourcePolicy
from pypkg_core.bases.record import Base
from pypkg_core.image import Pieces

__all__ = ["Written", "write_all"]

# More do not help: images are made by Python code, one at a time; only to copy them and to read them back is not.
_MOST_THREADS: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """An executable that was written.

    Attributes:
        size: in bytes.
        diagnostics: about its contents, under ``--debug``.
    """

    size: int
    diagnostics: Diagnostics


def write_all(prepared: Sequence[Prepared]) -> Iterator[Written]:
    """Write executables, several at a time, and yield what was written in their order.

    Raises:
        PypkgError: a file cannot be read or written; an executable that was at its output before is still there, and
            what was not begun is not written.
    """
    with ThreadPoolExecutor(max(1, min(len(prepared), os.cpu_count() or 1, _MOST_THREADS))) as pool:
        writing = [pool.submit(_write, item) for item in prepared]
        try:
            for future in writing:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _write(prepared: Prepared) -> Written:
    request, output, base = prepared.request, prepared.output, prepared.base
    policy = SourcePolicy.of(request.config, free=prepared.payload.free)
    image = build_image(
        prepared.payload,
        base,
        name=request.project.name,
        mtime=prepared.mtime,
        policy=policy,
        options=request.config.options,
        interpreter=request.config.interpreter,
        stdlib=prepared.stdlib,
        excludes=request.config.excludes,
        debug=request.debug,
    )
    size = write_executable(base, image, output)
    diagnostics = _contents(prepared.payload, base, image, policy) if request.debug else Diagnostics()
    return Written(size=size, diagnostics=diagnostics)


def _contents(payload: Payload, base: Base, image: Pieces, policy: SourcePolicy) -> Diagnostics:
    """Return what ``--debug`` shows about the contents of an executable."""
    diagnostics = Diagnostics()
    snapshot_path = base.target.facts.snapshot_path
    diagnostics.detail(f"image: {len(image)} bytes; the base's own: {len(base.image)} bytes")
    diagnostics.detail(f"project: {policy.explained('')}; standard library: {policy.explained(None)}")
    for name, licence in payload.licences.items():
        diagnostics.detail(f"distribution {name}: licence {licence or 'not stated'}; {policy.explained(name)}")
    for module in payload.modules:
        diagnostics.detail(
            f"module {module.name}: {snapshot_path(module.path)}, {len(module.code or b'')} bytes of code"
        )
    for file in payload.files:
        diagnostics.detail(f"file {snapshot_path(file.path)}")
    return diagnostics
