"""Fuzz the runtime: ``python tests/fuzz/run.py --minutes 30``.

Compiles each harness with clang's libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer (Debian: clang, llvm,
libclang-rt-14-dev, zlib1g-dev, libbrotli-dev, libzstd-dev), runs all of them at the same time, and prints executions,
coverage and findings. --keep replaces the corpus in ``corpus/`` with the smallest set of inputs of the same coverage.
Findings are in the work folder: minimise one (``PROGRAM -minimize_crash=1 FILE``), fix the runtime, and keep the input
as ``corpus/NAME/finding-WHAT``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.harnesses import HARNESSES, SANITIZERS, Harness, compile_harness
from runtime_build import RUNTIME, has_codecs

_ENVIRONMENT = {"ASAN_OPTIONS": "allocator_may_return_null=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
_TIMEOUT = 20  # seconds for one input: more is a hang
_MEMORY = 8192  # MB: old tables of mounts are not freed, and each input makes some


class Run:
    """One harness in its work directory."""

    def __init__(self, harness: Harness, folder: Path, compiler: str, *, codecs: bool) -> None:
        self.harness = harness
        self.compiler = compiler
        self.codecs = codecs
        self.folder = folder / harness.name
        self.inputs = self.folder / "inputs"
        self.inputs.mkdir(parents=True, exist_ok=True)
        for name, data in harness.seeds().items():
            (self.inputs / f"seed-{name}").write_bytes(data)
        if harness.folder.is_dir():
            shutil.copytree(harness.folder, self.inputs, dirs_exist_ok=True)
        options = ["-fsanitize=fuzzer", *SANITIZERS]
        self.program = compile_harness(harness, compiler, self.folder, options=options, fuzzer=True, codecs=codecs)

    def start(self, seconds: int) -> subprocess.Popen[bytes]:
        """Start fuzzing; its output goes to a file."""
        command = [self.program, f"-max_total_time={seconds}", f"-max_len={self.harness.max_size}"]
        command += [
            f"-timeout={_TIMEOUT}",
            f"-rss_limit_mb={_MEMORY}",
            "-print_final_stats=1",
            f"-artifact_prefix={self.folder}/finding-",
            self.inputs,
        ]
        environment = {**os.environ, **_ENVIRONMENT, "FUZZ_LAST_INPUT": str(self.folder / "last-input")}
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                list(map(str, command)),
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def keep_last_input(self) -> None:
        """Keep the input that ended the program as a finding: inside its root the program itself cannot write one."""
        copied = (self.folder / "last-input").read_bytes() if (self.folder / "last-input").exists() else b""
        size = int.from_bytes(copied[:4], "little")
        if not self.findings:
            (self.folder / "finding-last-input").write_bytes(copied[4 : 4 + size])

    @property
    def executions(self) -> tuple[int, int]:
        """How many inputs were run, in how many seconds."""
        text = (self.folder / "log").read_text(errors="replace")
        done = re.findall(r"^Done (\d+) runs in (\d+) second", text, re.MULTILINE)
        if done:
            return int(done[-1][0]), int(done[-1][1])
        seen = re.findall(r"^#(\d+)\s", text, re.MULTILINE)
        return int(seen[-1]) if seen else 0, 0

    @property
    def findings(self) -> list[Path]:
        """Inputs that found an error."""
        return sorted(self.folder.glob("finding-*"))

    def minimise(self, folder: Path) -> None:
        """Put the smallest set of inputs with the same coverage into ``folder``, and earlier findings."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        size = f"-max_len={self.harness.max_size}"
        command = [self.program, "-merge=1", "-use_counters=0", size, folder, self.inputs]
        environment = {**os.environ, **_ENVIRONMENT}
        subprocess.run(list(map(str, command)), cwd=self.folder, env=environment, check=False, capture_output=True)
        for old in self.inputs.glob("finding-*"):
            shutil.copy(old, folder)

    def coverage(self) -> dict[str, tuple[int, int]]:
        """Run the inputs once and measure coverage: for each file of the runtime, lines reached and all lines."""
        options = ["-fprofile-instr-generate", "-fcoverage-mapping"]
        folder = self.folder / "coverage"
        folder.mkdir(exist_ok=True)
        program = compile_harness(
            self.harness, self.compiler, folder, options=options, fuzzer=False, codecs=self.codecs
        )
        raw, merged = folder / "raw", folder / "merged"
        environment = {**os.environ, "LLVM_PROFILE_FILE": str(raw)}
        subprocess.run([program, self.inputs], check=True, env=environment, capture_output=True)
        subprocess.run([_tool("llvm-profdata"), "merge", raw, "-o", merged], check=True)
        command: list[str | Path] = [
            _tool("llvm-cov"),
            "export",
            "--summary-only",
            f"--instr-profile={merged}",
            program,
        ]
        done = subprocess.run(command, check=True, capture_output=True)
        files = json.loads(done.stdout)["data"][0]["files"]
        lines = {Path(item["filename"]): item["summary"]["lines"] for item in files}
        return {path.name: (item["covered"], item["count"]) for path, item in lines.items() if RUNTIME in path.parents}


def _tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(f"{name}-14")
    if found is None:
        sys.exit(f"{name} is not installed")
    return found


def _report(run: Run) -> str:
    executions, seconds = run.executions
    rate = f" ({executions // seconds}/s)" if seconds else ""
    inputs = list(run.inputs.iterdir())
    text = f"{run.harness.name}: {executions} executions in {seconds} s{rate}, {len(inputs)} inputs, "
    text += f"{len(run.findings)} findings"
    if run.findings:
        return text + "".join(f"\n  {path}" for path in run.findings)
    files = run.coverage()
    shown = (f"{name} {covered}/{count}" for name, (covered, count) in sorted(files.items()) if covered)
    return f"{text}\n  lines reached: {', '.join(shown)}"


def main() -> None:
    """Parse the command line, fuzz, report. Exit with 1 if an error was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(HARNESSES), help=f"of {', '.join(HARNESSES)}")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--work", type=Path, help="a directory for programs, inputs and logs")
    parser.add_argument("--keep", action="store_true", help="replace the corpus with the inputs found, minimised")
    arguments = parser.parse_args()
    folder = (arguments.work or Path(tempfile.mkdtemp(prefix="pypkg-fuzz-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    compiler = _tool("clang")
    codecs = has_codecs(compiler, folder)
    if not codecs:
        print("without the decoders: the headers of zlib, brotli or zstd are missing")
    runs = [Run(HARNESSES[name], folder, compiler, codecs=codecs) for name in arguments.names]
    print(f"fuzzing {', '.join(arguments.names)} for {arguments.minutes} minutes in {folder}", flush=True)
    for run, process in [(run, run.start(int(arguments.minutes * 60))) for run in runs]:
        if process.wait() != 0:
            run.keep_last_input()
    for run in runs:
        print(_report(run), flush=True)
        if arguments.keep and not run.findings:
            run.minimise(run.harness.folder)
    sys.exit(1 if any(run.findings for run in runs) else 0)


if __name__ == "__main__":
    main()
