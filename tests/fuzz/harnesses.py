"""The fuzz harnesses: their sources, and how they are compiled."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime_build import CODEC_LIBRARIES, FLAGS, compile_objects, runtime_sources

from .seeds import command_lines, library_seeds, path_seeds, seed_images, tree_image

__all__ = ["CORPUS", "HARNESSES", "Harness", "compile_harness"]

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
# SQLite is not linked, and the C library of this machine has its own string functions.
_LEFT_OUT = ("sqlite.c", "libc_string.c")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@dataclass(frozen=True, kw_only=True, slots=True)
class Harness:
    """A program for inputs of at most ``max_size`` bytes; ``also`` are more of its sources."""

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
        """The directory of its corpus."""
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
        Harness(
            name="path",
            source="path.c",
            also=("path_calls.c", "path_roots.c", "path_world.c"),
            max_size=400,
            seeds=path_seeds,
        ),
        Harness(name="elf", source="elf.c", max_size=4096, seeds=library_seeds),
        Harness(name="reentry", source="reentry.c", max_size=1024, seeds=command_lines),
    )
}


def compile_harness(
    harness: Harness, compiler: str, folder: Path, *, options: Sequence[str], fuzzer: bool, codecs: bool
) -> Path:
    """Compile a harness into ``folder`` and return the program.

    Args:
        options: of the compiler: sanitizers or coverage.
        fuzzer: with libFuzzer's main and the mutator; else with a main that runs the inputs it is given.
        codecs: with the decoders.

    Raises:
        RuntimeError: it does not compile; the compiler's messages.
    """
    numbers = ",".join(map(str, tree_image()))
    image = f"static const unsigned char tree_image[] __attribute__((aligned(16))) = {{{numbers}}};\n"
    (folder / "tree_image.h").write_text(image)
    flags = [*FLAGS, f"-I{HERE}", *harness.options, *options, *(() if codecs else ("-DPYPKG_WITHOUT_CODECS",))]
    objects = compile_objects(compiler, flags, [*runtime_sources(*_LEFT_OUT), HERE / "arena.c"])
    own = [HERE / source for source in (harness.source, *harness.also)]
    own += [HERE / harness.mutator] if fuzzer and harness.mutator else []
    own += [] if fuzzer else [HERE / "replay.c"]
    libraries = ["-ldl", "-lpthread", *(CODEC_LIBRARIES if codecs else ())]
    command = [compiler, *flags, f"-I{folder}", "-o", folder / harness.name, *own, *objects, *libraries]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{harness.name} does not compile with {compiler}:\n{done.stderr}")
    return folder / harness.name
