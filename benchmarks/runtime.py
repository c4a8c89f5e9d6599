"""The cost of the runtime: files of the snapshot, imports, the size of a snapshot."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Command, startup_times
from native import compile_native
from peers import PypkgTool
from report import Row

from pypkg_core.binaries import attach_image, read_image
from pypkg_core.image import Codec, ImageBuilder, merge_image

__all__ = ["Peer", "file_rows", "import_peers", "import_rows", "size_rows"]

PROGRAMS = Path(__file__).parent / "programs"
MODULES = 500
FILE_SIZE = 10_240
SMALL, LARGE = 2_000_000, 2_000_000_000
MEMORY = 512 << 20
_LEFT_OUT = {"antigravity", "this", "__phello__"}
_ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"}


def _row(what: str, ours: str, theirs: str, ratio: float, limit: float | None) -> Row:
    return Row(
        what=what,
        ours=ours,
        theirs=theirs,
        figure=f"{ratio:.2f}",
        reach="" if limit is None else f"<= {limit:g}",
        reached=None if limit is None else ratio <= limit,
    )


def _with_files(program: Path, real: Path, out: Path) -> None:
    """Write the benchmark's files to an executable's snapshot, one with each codec, and to a real directory."""
    text = (Path(os.__file__).parent / "argparse.py").read_bytes()
    image = read_image(program)
    builder = ImageBuilder(315532800)

    def add(path: str, data: bytes, codec: Codec = Codec.NONE) -> None:
        builder.add_file(f"benchmark/{path}", data, codec=codec)
        (real / path).parent.mkdir(parents=True, exist_ok=True)
        (real / path).write_bytes(data)

    for codec in Codec:
        add(f"{codec.name.lower()}.txt", text[:FILE_SIZE], codec)
    for number in range(50):
        add(f"many/{number}.txt", text[number : number + 100])
    for number in range(300):
        add(f"once/{number}.txt", text[number : number + FILE_SIZE])
    merge_image(builder, image, withhold=lambda _: False)
    builder.set_search_path(image.search_path)
    for point in image.entry_points:
        builder.add_entry_point(point.name, point.module.name, point.options)
    builder.set_manifest(image.manifest)
    attach_image(program, builder.pieces(), out)


def file_rows(target: str, tool: PypkgTool, work: Path) -> list[Row]:
    """Compare file calls on the snapshot and on a real directory, in one process."""
    real, program = work / f"files-{target}", work / f"files-program-{target}"
    _with_files(tool.build(PROGRAMS / "files.py").path, real, program)
    output = subprocess.run([program, real], env=_ENV, capture_output=True, text=True, check=True).stdout
    limits = {"os.stat": 1.0, "open+read, none": 3.0}
    rows = []
    for name, (ours, theirs) in json.loads(output).items():
        what = f"{name}: snapshot / real ({target})"
        rows.append(_row(what, f"{ours:.1f} us", f"{theirs:.1f} us", ours / theirs, limits.get(name)))
    return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """An interpreter that reads its standard library from ``.pyc`` files; ``limit`` is for our ratio to it."""

    name: str
    line: tuple[str, ...]
    limit: float | None


def _version_of(python: Path) -> str:
    line: list[str | Path] = [python, "-I", "-S", "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()


def import_peers(version: str, *, native: bool) -> list[Peer]:
    """Return an ordinary Python of the same version, if there is one.

    Args:
        version: exact, of the target's base.
        native: compile one if none is installed.
    """
    series = version.rpartition(".")[0]
    peers = []
    ordinary = shutil.which(f"python{series}", path="/usr/bin:/usr/local/bin")
    if ordinary is not None and _version_of(Path(ordinary)) == version:
        peers.append(Peer(name=f"{ordinary} -I -S", line=(ordinary, "-I", "-S"), limit=0.75))
    elif native:
        compiled = str(compile_native(version))
        peers.append(Peer(name=f"python{series} -I -S (configure && make)", line=(compiled, "-I", "-S"), limit=0.75))
    return peers


def _spread(names: Sequence[str], count: int) -> list[str]:
    return [names[index * len(names) // count] for index in range(count)]


def import_rows(target: str, tool: PypkgTool, peers: Sequence[Peer], work: Path, *, rounds: int) -> list[Row]:
    """Import 500 modules of the standard library, spread over the alphabet, that all interpreters can import.

    The process measures only its imports. Each figure is the median of five batches, of each the shortest run.
    """
    program = tool.build(PROGRAMS / "imports.py").path
    lines: dict[str, tuple[str, ...]] = {"ours": (str(program),)}
    lines |= {peer.name: (*peer.line, str(PROGRAMS / "imports.py")) for peer in peers}
    names = {module.name for module in read_image(program).modules if module.kind.has_code}
    good = {name for name in names - _LEFT_OUT if not name.startswith("_pypkg") and "__main__" not in name}
    listed = work / f"modules-{target}.json"
    for line in lines.values():
        listed.write_text(json.dumps(sorted(good)), encoding="utf-8")
        good &= set(json.loads(_run((*line, str(listed), "--probe"))))
    chosen = _spread(sorted(good), min(MODULES, len(good)))
    listed.write_text(json.dumps(chosen), encoding="utf-8")
    times = _take_turns({name: (*line, str(listed)) for name, line in lines.items()}, rounds)
    mine = times["ours"]
    return [
        _row(
            f"importing {len(chosen)} modules: ours / {peer.name} ({target})",
            f"{mine:.1f} ms",
            f"{times[peer.name]:.1f} ms",
            mine / times[peer.name],
            peer.limit,
        )
        for peer in peers
    ]


def _run(line: Sequence[str]) -> str:
    env = _ENV | {"HOME": os.environ.get("HOME", "/")}
    return subprocess.run(line, env=env, capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def _take_turns(lines: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    best: dict[str, list[float]] = {name: [] for name in lines}
    for line in lines.values():
        _run(line)
    for _ in range(5):
        batch = [{name: float(_run(line)) for name, line in lines.items()} for _ in range(max(1, rounds // 5))]
        for name, values in best.items():
            values.append(min(times[name] for times in batch))
    return {name: statistics.median(values) for name, values in best.items()}


def size_rows(target: str, tool: PypkgTool, work: Path, *, rounds: int) -> list[Row]:
    """Start a program with an asset of 2 MB and one with an asset of 2 GB, packaged in less memory than that."""
    commands = {}
    for name, size in (("small", SMALL), ("large", LARGE)):
        folder = work / f"size-{target}-{name}"
        folder.mkdir()
        shutil.copy(PROGRAMS / "hello.py", folder / "hello.py")
        block = os.urandom(1_000_000)
        with (folder / "asset.bin").open("wb") as file:
            for _ in range(size // len(block)):
                file.write(block)
        (folder / "pypkg.toml").write_text('assets = ["asset.bin"]\n', encoding="utf-8")
        program = tool.build(folder / "hello.py", output=folder / "hello", memory=MEMORY)
        commands[name] = Command(line=(str(program.path),), env=_ENV)
        (folder / "asset.bin").unlink()
    times = startup_times(commands, rounds=rounds)
    for command in commands.values():
        Path(command.line[0]).unlink()
    more = (times["large"] - times["small"]) * 1000
    return [
        Row(
            what=f"start with a snapshot of 2 GB / of 2 MB, packaged in {MEMORY >> 20} MB of memory ({target})",
            ours=f"{times['large'] * 1000:.1f} ms",
            theirs=f"{times['small'] * 1000:.1f} ms",
            figure=f"{more:+.1f} ms",
            reach="<= 2 ms more",
            reached=more <= 2,
        )
    ]
