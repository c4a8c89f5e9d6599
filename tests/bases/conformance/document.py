"""``docs/conformance.md``: the number of equal results, and the deviations.

Usage: python tests/bases/conformance/document.py [TARGET...]. It runs the suite; without TARGET it writes the page, for
the targets that this machine runs by itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from bases.conformance.comparison import Comparison
from bases.conformance.explained import Explanation, load_explanations
from bases.conformance.runs import Workplaces, compare_runs
from emulation import why_no_processes
from targets import NATIVE

__all__ = ["DOCUMENT", "deviations", "table"]

DOCUMENT = Path(__file__).parents[3] / "docs" / "conformance.md"
INTRODUCTION = """# Conformance: the same program from source and packaged

Written by `python tests/bases/conformance/document.py`. `tests/bases/conformance` fails if it is out of date.

One program examines a tree of modules, data, symbolic links, odd names, archives, databases, certificates and
libraries. It runs twice: from source with a base as its interpreter, on a file system mounted read-only, and
packaged. Every result is compared: what a call returns, or the exception that it raises, with its errno and paths.
"""

# What each group checks.
GROUPS = {
    "files": "`open` in every mode, `os.open` with every flag, `stat`, `lstat`, `access`, `dir_fd`, `statvfs`, "
    "`pathconf`",
    "directories": "`listdir`, `scandir`, `walk`, `fwalk`, `glob`, the working directory",
    "descriptors": "`fstat`, `dup`, `pread`, `sendfile`, `splice`, locks, inheritance, `O_PATH`, passing on",
    "paths": "`os.path.*`, `realpath`, `samefile`",
    "pathlib_": "`pathlib`: reading, queries, `glob`, `rglob`, `walk`, writing",
    "names": "spaces, Unicode, 255 bytes, new lines, deep paths",
    "links": "relative, absolute, chains, dangling, loops, real links into the tree",
    "writers": "every call that changes something, on every kind of file",
    "shutil_": "`copy*`, `copytree`, `move`, `rmtree`, `disk_usage`, `which`, archives",
    "temporary": "`tempfile` outside and inside",
    "archives": "`zipfile`, `tarfile`, `gzip`, `bz2`, `lzma`, `zipimport`",
    "mmap_": "`mmap`: reading, copy-on-write, offsets, refusals",
    "sqlite_": "`sqlite3`: read-only, `immutable=1`, WAL, backup, attach, refused writes",
    "tls": "`ssl`: cafile, capath, chain, client certificate, refusals",
    "native": "`ctypes.CDLL` on a packaged library",
    "packages": "`find_spec`, `import_module`, `reload`, `pkgutil`, namespace packages, `spec_from_file_location`",
    "resources": "`importlib.resources`: `files`, `as_file`, `contents`, namespaces",
    "metadata": "`importlib.metadata`: version, files, requires, entry points",
    "running": "`runpy`: modules, packages, files, folders, archives",
    "source": "`inspect`, `linecache`, `traceback` on withheld and public source",
    "text": "`configparser`, `logging.config`, `gettext`, `locale`, `email`, `mimetypes`, `zoneinfo`",
    "testing": "`unittest` discovery, `doctest`, `pdb`, `pickle`, `pydoc`, `warnings`",
    "processes": "packaged programs, other programs, a child's working directory, `http.server`",
    "large": "a large file (200 MB on one target): reading, mapping, copying",
}


def table(comparison: Comparison) -> str:
    """Return the results of one target as Markdown."""
    lines = [f"## {comparison.target}", "", "| group | what | results | explained |", "| --- | --- | --- | --- |"]
    for group, what in GROUPS.items():
        results, explained = comparison.counts.get(group, (0, 0))
        lines.append(f"| {group.rstrip('_')} | {what} | {results} | {explained or ''} |")
    total = [sum(column) for column in zip(*comparison.counts.values(), strict=True)]
    lines.append(f"| **all** | | **{total[0]}** | **{total[1]}** |")
    return "\n".join(lines) + "\n"


def deviations(rows: list[Explanation]) -> str:
    """Return the deviations and their reasons as Markdown."""
    lines = ["## Deviations", "", "| what | instead | why | targets |", "| --- | --- | --- | --- |"]
    for row in rows:
        checks = ", ".join(f"`{check}`" for check in row.checks)
        targets = "all" if row.targets == ("*",) else ", ".join(f"`{target}`" for target in row.targets)
        lines.append(f"| {checks} | {row.instead} | {row.reason} | {targets} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the suite and write the page; return 1 if a difference is not explained."""
    from pypkg_core.targets.parse import parse_target  # noqa: PLC0415
    from pypkg_forge.driver.build import build  # noqa: PLC0415 - only here

    parts, bad = [INTRODUCTION, deviations(load_explanations())], 0
    with tempfile.TemporaryDirectory(prefix="pypkg-conformance-") as folder:
        work = Path(folder)
        workplaces = Workplaces(work / "workplaces")
        for name in sys.argv[1:] or NATIVE:
            (work / name).mkdir()
            base = build(parse_target(name)).path
            if problem := why_no_processes(base):
                print(f"{name}: programs cannot start each other here: {problem}", file=sys.stderr)
                return 1
            comparison = compare_runs(workplaces.of(name), name, base, work / name)
            parts.append(table(comparison))
            for check, (source, packaged) in comparison.unexplained.items():
                print(f"{name} {check}\n  source:   {source[:600]}\n  packaged: {packaged[:600]}")
            for pattern in comparison.outdated:
                print(f"{name}: no difference for {pattern}")
            bad += len(comparison.unexplained) + len(comparison.outdated)
        subprocess.run(["chmod", "-R", "u+w", work], check=True)
    if not sys.argv[1:]:
        DOCUMENT.write_text("\n".join(parts), encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
