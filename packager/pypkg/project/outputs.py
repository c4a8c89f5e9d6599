"""Names and locations of the executables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pypkg.project.project import Project
from pypkg_core.errors import UsageError
from pypkg_core.targets.catalogue import Target

__all__ = ["Output", "plan_outputs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """An executable to write."""

    target: Target
    path: Path


def plan_outputs(
    project: Project, targets: Sequence[Target], *, output: Path | None, directory: Path | None
) -> list[Output]:
    """Name the executables, one for each target; for several, a name contains the parts of the target that differ.

    Args:
        output: the name of the command line. By default it is the project's, with the platform if that is the name
            of the input or of a directory.
        directory: the directory of a default name; the current directory if ``None``.

    Raises:
        UsageError: the executable would overwrite the input or a directory, or two names are the same.
    """
    if output is not None and (not output.name or output.name == ".."):
        raise UsageError(f"Refusing to overwrite non-file output: {output}", hint="Name a file with --output")
    stem = output if output is not None else (directory or Path()) / project.output_name
    parts = _differing(targets)
    outputs = []
    for target in targets:
        path = _name(stem, target, parts)
        if output is None and "platform" not in parts and (_is_input(path, project) or path.is_dir()):
            path = _name(stem, target, [*parts, "platform"])
        if _is_input(path, project):
            raise UsageError(f"Refusing to overwrite input file: {path}", hint="Choose another name with --output")
        if path.exists() and not path.is_file():
            raise UsageError(f"Refusing to overwrite non-file output: {path}", hint="Choose another name with --output")
        outputs.append(Output(target=target, path=path))
    if len({item.path for item in outputs}) != len(outputs):
        raise UsageError("Two targets would be written to the same file", hint="Remove the duplicate target")
    return outputs


def _differing(targets: Sequence[Target]) -> list[str]:
    names = ("version", "platform", "arch")
    return [name for name in names if len({getattr(target, name) for target in targets}) > 1]


def _name(stem: Path, target: Target, parts: Sequence[str]) -> Path:
    words = {"version": f"py{target.version}", "platform": target.platform, "arch": target.arch}
    name = "-".join([stem.name, *(words[part] for part in ("version", "platform", "arch") if part in parts)])
    suffix = target.facts.executable_suffix
    if not name.lower().endswith(suffix):
        name += suffix
    return stem.with_name(name)


def _is_input(path: Path, project: Project) -> bool:
    own = [project.input, project.root, *([project.pyproject] if project.pyproject else [])]
    own += [project.entry] if isinstance(project.entry, Path) else []
    return path.exists() and any(item.exists() and path.samefile(item) for item in own)
