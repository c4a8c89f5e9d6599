"""Find and fetch, through pip, the wheels of distributions that fit a target."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    is_normalized_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pypkg.environment.index import Answer, Index, run_pip
from pypkg.environment.wheel_choices import Absent, Choice, WheelCache
from pypkg.environment.wheel_tags import compatible_tags, pip_options, wheel_tag
from pypkg_core.errors import PypkgError
from pypkg_core.hashing import is_sha256
from pypkg_core.targets.catalogue import Target, find_version
from pypkg_core.targets.platforms import WheelTag

__all__ = ["Question", "WheelFinder"]

_NOTHING_FOR: Final = re.compile(r"No matching distribution found for ([A-Za-z0-9][A-Za-z0-9._-]*)")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][\w.!+%-]*(?:\.whl|\.tar\.gz|\.zip)")
_MISMATCH: Final = re.compile(
    r"^\s*(?P<what>\S+) from .*\n(?P<wanted>(?:\s*Expected\s+(?:sha256|or)\s+\w+\n)+)\s*Got\s+(?P<got>\w+)",
    re.MULTILINE,
)
_YANKED: Final = re.compile(r"yanked version: '([^']+)' candidate")  # a warning

_OTHER_PYTHONS: Final = Absent("No matching distribution found: that version is for other Pythons")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A distribution that a wheel is looked for.

    Attributes:
        name: normalised name.
        specifier: its versions, ``==1.2.3``; ``""`` for any.
        hashes: SHA-256 of the files that may be used, lower-case hexadecimal; none means any.
        only_links: whether no index is asked, because it came from elsewhere: a stranger may have its name there.
        below: the C library or system that the wheel must not need; ``None`` for any.
    """

    name: str
    specifier: str
    hashes: frozenset[str] = frozenset()
    only_links: bool = False
    below: tuple[int, ...] | None = None

    @property
    def is_valid(self) -> bool:
        """Whether name and versions are what they should be: both come from strangers' files, and go into pip's."""
        if not is_normalized_name(self.name) or not all(map(is_sha256, self.hashes)) or "\n" in self.specifier:
            return False
        try:
            SpecifierSet(self.specifier)
        except InvalidSpecifier:
            return False
        return True

    @property
    def is_exact(self) -> bool:
        """Whether it names one version."""
        return self.specifier.startswith("==") and not self.specifier.endswith(".*") and "," not in self.specifier

    def older_than(self, version: str) -> Question:
        """Return the question for older versions."""
        return replace(self, specifier=",".join(filter(None, (self.specifier, f"<{version}"))))

    @property
    def requirement(self) -> str:
        """As pip reads it."""
        return f"{self.name}{self.specifier}"

    @property
    def line(self) -> str:
        """The same with hashes, as a line of a requirements file."""
        return " ".join([self.requirement, *(f"--hash=sha256:{value}" for value in sorted(self.hashes))])


class WheelFinder:
    """Finds wheels for one target.

    Args:
        target: what the wheels must fit.
        index: where they are looked for.
        cache: what is in it is not asked for again.
        newest: of the C library or system, that wheels may need; ``None`` for any.
    """

    def __init__(
        self, target: Target, *, index: Index, cache: WheelCache, newest: tuple[int, ...] | None = None
    ) -> None:
        self.target = target
        self._index = index
        self._cache = cache
        self._tags = compatible_tags(target, newest)

    def find(self, questions: Iterable[Question]) -> dict[str, Choice | Absent]:
        """Return the best wheel of each distribution, unpacked in the cache.

        Returns:
            By name, the choice, or why there is none.

        Raises:
            PypkgError: a file has another hash than was promised, or is no sound wheel; the cache cannot be written.
        """
        answers: dict[str, Choice | Absent] = {}
        new: list[Question] = []
        for question in questions:
            if not question.is_valid:
                answers[question.name] = Absent(f"{question.requirement!r} is no requirement", certain=False)
                continue
            known = self._cache.find(self._key(question))
            if known is None:
                new.append(question)
            else:
                answers[question.name] = known
        found = self.choose(new)
        for only_links in {question.only_links for question in new}:
            asked = [found[question.name] for question in new if question.only_links is only_links]
            self._fetch([answer for answer in asked if isinstance(answer, Choice)], only_links=only_links)
        for question in new:
            self._cache.keep(self._key(question), found[question.name])
        return answers | found

    def choose(self, questions: Iterable[Question]) -> dict[str, Choice | Absent]:
        """Return the best wheel of each distribution, without fetching it.

        Of the wheels of the version that pip chooses, the one that needs the oldest C library or system is the best.

        Returns:
            By name, the choice, or why there is none.

        Raises:
            PypkgError: a file has another hash than was promised.
        """
        groups: dict[tuple[bool, bool, tuple[int, ...] | None], list[Question]] = {}
        for question in questions:
            key = (question.only_links, bool(question.hashes), question.below)
            groups.setdefault(key, []).append(question)
        found: dict[str, Choice | Absent] = {}
        for (only_links, _, below), group in groups.items():
            found |= self._ask(group, self._tags_below(below), only_links=only_links)
            for question in group:
                choice = found[question.name]
                if isinstance(choice, Choice):
                    found[question.name] = self._oldest(question, choice)
        return found

    def forget(self, question: Question) -> None:
        """Ask again next time: the user may have supplied what was missing."""
        self._cache.forget(self._key(question))

    def tags(self) -> list[WheelTag]:
        """Return the platform tags that wheels may have, best first."""
        return self._tags

    def existing(self, question: Question) -> list[str]:
        """Return the names of the files that exist for a distribution, of the versions asked for."""
        arguments = ["download", "-vv", "--no-deps", *self._index.options(only_links=question.only_links)]
        with tempfile.TemporaryDirectory(prefix="pypkg-") as directory:
            options = [f"--dest={directory}", *pip_options(self.target, [])]
            output = run_pip([*arguments, *options, "--", question.requirement]).output
        names = {unquote(name) for name in _FILE_NAME.findall(output)}
        versions = SpecifierSet(question.specifier, prereleases=True)
        return sorted(name for name in names if _is_file_of(name, question.name, versions))

    def _tags_below(self, version: tuple[int, ...] | None) -> list[WheelTag]:
        if version is None:
            return self._tags
        return [tag for tag in self._tags if tag.version and tag.version < version]

    def _oldest(self, question: Question, choice: Choice) -> Choice:
        """Return the wheel of the same version that needs the oldest C library; pip looks at the ABI first."""
        exact = replace(question, specifier=f"=={choice.version}")
        while True:
            tag = wheel_tag(choice.filename, self.target)
            if tag is None:
                raise PypkgError(f"Cannot use {choice.filename}: it does not fit {self.target}")
            minimum = self.target.facts.minimum_version
            if not tag.version or tag.version <= minimum:
                return choice
            _, found, _ = self._resolve([exact], self._tags_below(tag.version), only_links=question.only_links)
            if question.name not in found:
                return choice
            choice = found[question.name]

    def _ask(
        self, questions: Sequence[Question], tags: Sequence[WheelTag], *, only_links: bool
    ) -> dict[str, Choice | Absent]:
        """Ask pip for all at once; again without those that it has nothing for."""
        found: dict[str, Choice | Absent] = {}
        left = {question.name: question for question in questions}
        while left:
            answer, choices, others = self._resolve(left.values(), tags, only_links=only_links)
            if not answer.problem:
                found.update(choices)
                # Of what need not be one version, an older one may be for the target's Python.
                older = {name: version for name, version in others.items() if not left[name].is_exact}
                found.update(dict.fromkeys(others.keys() - older.keys(), _OTHER_PYTHONS))
                left = {name: left[name].older_than(version) for name, version in older.items()}
                continue
            _check_hashes(answer)
            nothing = _NOTHING_FOR.search(answer.problem)
            name = canonicalize_name(nothing[1]) if nothing else ""
            if name not in left:  # such as a network that is down
                found.update(dict.fromkeys(left, Absent(answer.problem, certain=False)))
                break
            found[name] = Absent(answer.problem, certain=answer.reached)
            del left[name]
        return found

    def _resolve(
        self, questions: Collection[Question], tags: Sequence[WheelTag], *, only_links: bool
    ) -> tuple[Answer, Mapping[str, Choice], Mapping[str, str]]:
        """Return what pip says, its choices by name, and the versions of those that are for other Pythons."""
        with tempfile.TemporaryDirectory(prefix="pypkg-") as directory:
            report = Path(directory) / "report.json"
            arguments = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", f"--report={report}"]
            # pip would compare with the interpreter that it runs on.
            arguments += ["--ignore-requires-python"]
            arguments += [f"--target={Path(directory) / 'target'}", *self._index.options(only_links=only_links)]
            answer = run_pip([*arguments, *pip_options(self.target, tags), *_requirements(questions, Path(directory))])
            if answer.problem:
                return answer, {}, {}
            items = json.loads(report.read_text("utf-8"))["install"]
            yanked = {canonicalize_name(name) for name in _YANKED.findall(answer.output)}
        fitting = [_read_item(item, yanked) for item in items if self._is_for_target(item)]
        others = [_read_item(item, yanked) for item in items if not self._is_for_target(item)]
        return (
            answer,
            {choice.name: choice for choice in fitting},
            {choice.name: choice.version for choice in others},
        )

    def _is_for_target(self, item: Mapping[str, Any]) -> bool:
        try:
            python = SpecifierSet(item["metadata"].get("requires_python") or "")
        except InvalidSpecifier:
            return True
        return python.contains(find_version(self.target.version).pins[0], prereleases=True)

    def _fetch(self, choices: Sequence[Choice], *, only_links: bool) -> None:
        """Download the wheels that are not in the cache, and check them."""
        missing = [choice for choice in choices if not self._cache.has(choice.sha256)]
        if not missing:
            return
        with tempfile.TemporaryDirectory(prefix="pypkg-") as directory:
            tags = [tag for choice in missing if (tag := wheel_tag(choice.filename, self.target)) is not None]
            questions = [
                Question(name=choice.name, specifier=f"=={choice.version}", hashes=frozenset({choice.sha256}))
                for choice in missing
            ]
            arguments = ["download", "--no-deps", "--require-hashes", "--quiet", f"--dest={directory}"]
            arguments += [*self._index.options(only_links=only_links), *pip_options(self.target, tags)]
            answer = run_pip([*arguments, *_requirements(questions, Path(directory))])
            _check_hashes(answer)
            if answer.problem:
                raise PypkgError(
                    f"Cannot download the wheels of {', '.join(choice.name for choice in missing)}",
                    hint="Check the network, or give --find-links a directory with them",
                    context={"pip": answer.problem},
                )
            for choice in missing:
                self._cache.add(Path(directory) / choice.filename, choice.sha256)

    def _key(self, question: Question) -> dict[str, object]:
        return {
            **asdict(question),
            "hashes": sorted(question.hashes),
            "target": self.target.name,
            "tags": [tag.name for tag in self._tags],
            "index": self._index.options(only_links=question.only_links),
        }


def _check_hashes(answer: Answer) -> None:
    """Check that pip found no file with another hash than its index, or a lock, promises.

    Raises:
        PypkgError: it did.
    """
    found = _MISMATCH.search(answer.output) if answer.problem else None
    if found is not None:
        wanted = re.findall(r"(\w+)\n", found["wanted"])
        more = f", or {len(wanted) - 1} others that the lock allows" if len(wanted) > 1 else ""
        raise PypkgError(
            f"Cannot use {found['what']}: the hash of its file is not the one that its index or the lock promises",
            hint="The file was changed on its way or replaced in the index; do not use it before you know why",
            context={"sha256 wanted": wanted[0] + more, "got": found["got"]},
        )


def _requirements(questions: Collection[Question], directory: Path) -> list[str]:
    """Return pip's arguments for questions; hashes can be given in a file only."""
    if not any(question.hashes for question in questions):
        return ["--", *(question.requirement for question in questions)]
    file = directory / "requirements.txt"
    file.write_text("".join(f"{question.line}\n" for question in questions), "utf-8")
    return [f"--requirement={file}"]


def _read_item(item: Mapping[str, Any], yanked: Collection[str]) -> Choice:
    """Return the choice in an item of a report (pip.pypa.io/en/stable/reference/installation-report)."""
    url = str(item["download_info"]["url"])
    name = canonicalize_name(str(item["metadata"]["name"]))
    return Choice(
        name=name,
        version=str(item["metadata"]["version"]),
        filename=unquote(urlsplit(url).path).rpartition("/")[2],
        url=url,
        sha256=str(item["download_info"]["archive_info"]["hashes"]["sha256"]),
        yanked=name in yanked,
    )


def _is_file_of(filename: str, name: str, versions: SpecifierSet) -> bool:
    try:
        found = parse_wheel_filename(filename)[:2] if filename.endswith(".whl") else parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return False
    return found[0] == name and found[1] in versions
