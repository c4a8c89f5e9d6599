"""The error for a distribution that has no wheel for the target: what was tried, what exists, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pypkg.environment.wheel_choices import Absent
from pypkg.environment.wheel_tags import wheel_tag
from pypkg.environment.wheels import Question, WheelFinder
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import VERSIONS, Target, catalogue

__all__ = ["missing_wheel_error"]

_SHOWN = 8


def missing_wheel_error(
    finder: WheelFinder, question: Question, answer: Absent, *, reason: str, importer: str = ""
) -> PypkgError:
    """Return the error.

    Args:
        finder: looked for the wheel; it is asked which files exist.
        question: what it was asked.
        answer: what it answered.
        reason: why the wheel is needed, for the message.
        importer: the module that imports it; may be empty.
    """
    finder.forget(question)
    target = finder.target
    shown = f"{question.name} {question.specifier.removeprefix('==')}".strip()
    context = {"imported by": importer} if importer else {}
    context["tags tried"] = _tried(finder)
    context["pip"] = answer.reason
    if question.only_links:
        return PypkgError(
            f"Cannot package {shown} for {target}: {reason}; it was installed from a path or a repository, and an index"
            " may hold a stranger's distribution of that name",
            hint=f"Give --find-links a directory with its wheel for {target}",
            context=context,
        )
    existing = finder.existing(question)
    context["files that exist"] = _listed(existing) if existing else "none was found"
    return PypkgError(
        f"Cannot package {shown} for {target}: {reason}, and no wheel that fits was found",
        hint=_advice(existing, target),
        context=context,
    )


def _tried(finder: WheelFinder) -> str:
    abis = f"cp{finder.target.version}, abi3, none"
    names = [tag.name for tag in finder.tags()]
    platforms = f"{names[0]} to {names[-1]} and any" if len(names) > 2 else " and ".join([*names, "any"])
    return f"{abis} on {platforms}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _advice(existing: Sequence[str], target: Target) -> str:
    wheels = [name for name in existing if name.endswith(".whl")]
    if existing and not wheels:
        return "Only its source exists: build its wheel on such a machine, and give --find-links its directory"
    if _fitting(wheels, [target]):
        return "Check the lock, or give --find-links a directory with a wheel that it allows"
    others = _fitting(wheels, (replace(target, version=version) for version in VERSIONS if version != target.version))
    machines = (replace(target, platform=platform, arch=arch) for platform, arch in catalogue().machines)
    others += _fitting(wheels, (other for other in machines if other != target))
    if others:
        return f"Package for one of {_listed(others)}, or give --find-links a directory with a wheel that fits"
    return "Check its name, its version and the network, or give --find-links a directory with a wheel that fits"


def _fitting(wheels: Iterable[str], targets: Iterable[Target]) -> list[str]:
    names = list(wheels)
    return [target.name for target in targets if target.addons and any(wheel_tag(name, target) for name in names)]
