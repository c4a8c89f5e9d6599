"""The fuzz harnesses: what each is made of, and how it is compiled."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime_build import RUNTIME, runtime_sources

from .seeds import command_lines, library_seeds, path_seeds, seed_images, tree_image

__all__ = ["CORPUS", "HARNESSES", "Harness", "compile_harness", "has_codecs"]

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
# SQLite is not there, and the C library of this machine has its own string functions.
_LEFT_OUT = ("sqlite.c", "libc_string.c")
_CODECS = ("-lz", "-lbrotlidec", "-lzstd")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@dataclass(frozen=True, kw_only=True, slots=True)
class Harness:
    """A program that takes inputs of ``max_size`` bytes at most; ``also`` is more of its source."""

    name: str
    source: str
    max_size: int
    seeds: Callable[[], dict[str, bytes]]
    mutator: str | None = None
    options: Sequence[str] = ()
    also: Sequence[str] = ()
    corpus: str = ""

    @property
    def folder(self) -> Path:
        """Where its kept inputs are."""
        return CORPUS / (self.corpus or self.name)


HARNESSES = {
    harness.name: harness
    for harness in (
        Harness(name="image", source="image.c", mutator="image_mutator.c", max_size=16384, seeds=seed_images),
        Harness(
            name="unchecked",
            source="image.c",
            mutator="image_mutator.c",
            max_size=16384,
            seeds=seed_images,
            options=("-DPYPKG_UNCHECKED",),
        ),
        Harness(name="path", source="path.c", also=("path_roots.c",), max_size=400, seeds=path_seeds),
        Harness(name="elf", source="elf.c", max_size=4096, seeds=library_seeds),
        Harness(name="reentry", source="reentry.c", max_size=1024, seeds=command_lines),
    )
}


def _compile(command: Sequence[str | Path], folder: Path) -> str | None:
    done = subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True, cwd=folder)
    return None if done.returncode == 0 else done.stderr


def has_codecs(compiler: str, folder: Path) -> bool:
    """Return whether this machine has what the decoders need."""
    probe = folder / "probe.c"
    probe.write_text("#include <brotli/decode.h>\n#include <zlib.h>\n#include <zstd.h>\nint main(void) { return 0; }\n")
    return _compile([compiler, probe, "-o", "probe", *_CODECS], folder) is None


def _compile_objects(compiler: str, flags: Sequence[str | Path], folder: Path) -> list[Path]:
    """Compile the core, and what the harnesses share, once for the same flags."""
    key = hashlib.sha256("\0".join([compiler, *map(str, flags)]).encode()).hexdigest()[:16]
    objects = folder / f"objects-{key}"
    if not objects.is_dir():
        sources = runtime_sources(*_LEFT_OUT)
        made = folder / f"making-{key}"
        made.mkdir()
        problem = _compile([compiler, *flags, "-c", *sources, HERE / "arena.c"], made)
        if problem is not None:
            raise RuntimeError(f"the core does not compile with {compiler}:\n{problem}")
        made.rename(objects)
    return sorted(objects.iterdir())


def compile_harness(
    harness: Harness, compiler: str, folder: Path, *, options: Sequence[str], fuzzer: bool, codecs: bool
) -> Path:
    """Compile a harness into ``folder`` and return the program.

    Args:
        options: of the compiler: the sanitizers, or what measures coverage.
        fuzzer: with libFuzzer's main and the mutator; else with a main that runs the inputs it is given.
        codecs: with the decoders.

    Raises:
        RuntimeError: it does not compile; the compiler's messages.
    """
    numbers = ",".join(map(str, tree_image()))
    image = f"static const unsigned char tree_image[] __attribute__((aligned(16))) = {{{numbers}}};\n"
    (folder / "tree_image.h").write_text(image)
    flags = ["-std=c11", "-D_GNU_SOURCE", "-g", "-O1", f"-I{RUNTIME}", f"-I{HERE}", *harness.options, *options]
    flags += [] if codecs else ["-DPYPKG_WITHOUT_CODECS"]
    objects = _compile_objects(compiler, flags, folder)
    own = [HERE / source for source in (harness.source, *harness.also)]
    own += [HERE / harness.mutator] if fuzzer and harness.mutator else []
    own += [] if fuzzer else [HERE / "replay.c"]
    libraries = ["-ldl", "-lpthread", *(_CODECS if codecs else ())]
    command = [compiler, *flags, f"-I{folder}", "-o", harness.name, *own, *objects, *libraries]
    problem = _compile(command, folder)
    if problem is not None:
        raise RuntimeError(f"{harness.name} does not compile with {compiler}:\n{problem}")
    return folder / harness.name
