"""Wheels for another target: which is chosen, from where, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pypkg.environment import index as index_module
from pypkg.environment import wheels
from pypkg.environment.index import Answer, Index
from pypkg.environment.wheel_choices import Absent, Choice, WheelCache
from pypkg.environment.wheels import Question, WheelFinder
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import Target
from unit.http_server import HttpServer, serving
from unit.wheel_index import WheelIndex

LINUX = Target(version="313", platform="linux", arch="x64")
FILES = {"demo/__init__.py": ""}


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip see neither the indexes of this machine nor its configuration."""
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serving() as running:
        yield running


def finder(
    server: HttpServer, cache: Path, target: Target = LINUX, newest: tuple[int, ...] | None = None
) -> WheelFinder:
    index = Index(index_url=f"{server.url}/simple/")
    return WheelFinder(target, index=index, cache=WheelCache(cache), newest=newest)


def chosen(server: HttpServer, cache: Path, target: Target = LINUX, name: str = "demo", version: str = "1.0") -> str:
    """Return the name of the chosen file, or why there is none."""
    answer = finder(server, cache, target).find([Question(name=name, specifier=f"=={version}")])[name]
    return answer.filename if isinstance(answer, Choice) else answer.reason


# What the index has, and what each target takes of it, best first.
PLATFORMS = {
    "linux-x64": ["manylinux2014_x86_64", "manylinux_2_28_x86_64", "manylinux_2_34_x86_64", "linux_x86_64"],
    "linux-arm64": ["manylinux_2_17_aarch64.manylinux2014_aarch64", "manylinux_2_28_aarch64"],
    "linux-armv7": ["manylinux_2_31_armv7l"],
    "alpine-x64": ["musllinux_1_1_x86_64", "musllinux_1_2_x86_64"],
    "alpine-arm64": ["musllinux_1_2_aarch64"],
    "win-x64": ["win_amd64"],
    "win-arm64": ["win_arm64"],
    "macos-x64": ["macosx_10_12_x86_64", "macosx_14_0_x86_64"],
    "macos-arm64": ["macosx_11_0_arm64", "macosx_14_0_arm64"],
}


def test_each_target_gets_its_own(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    for platforms in PLATFORMS.values():
        for platform in platforms:
            index.add("demo", "1.0", f"cp313-cp313-{platform}", {"demo/where.py": platform})
            index.add("demo", "1.1", f"cp313-cp313-{platform}", {})
            index.add("demo", "1.0", f"cp313-cp313t-{platform}", {})
            index.add("demo", "1.0", f"cp312-cp312-{platform}", {})
    index.serve(server)
    found = {}
    for name in PLATFORMS:
        platform, _, arch = name.partition("-")
        found[name] = chosen(server, tmp_path, Target(version="313", platform=platform, arch=arch))
    names = {name: f"demo-1.0-cp313-cp313-{platforms[0]}.whl" for name, platforms in PLATFORMS.items()}
    names["alpine-x64"] = "demo-1.0-cp313-cp313-musllinux_1_2_x86_64.whl"  # 1.2 is the base's own
    assert found == names


def test_a_wheel_for_an_older_c_library_is_better_than_one_for_a_newer_abi(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    for tag in (
        "cp311-abi3-manylinux_2_34_x86_64",
        "cp311-abi3-manylinux_2_28_x86_64",
        "cp38-abi3-manylinux_2_26_x86_64",
    ):
        index.add("demo", "1.0", tag, FILES)
    index.serve(server)
    assert chosen(server, tmp_path / "a") == "demo-1.0-cp38-abi3-manylinux_2_26_x86_64.whl"
    index.add("demo", "1.0", "cp37-abi3-manylinux2014_x86_64", FILES)
    index.serve(server)
    assert chosen(server, tmp_path / "b") == "demo-1.0-cp37-abi3-manylinux2014_x86_64.whl"


def test_nothing_newer_than_allowed_is_taken(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    index.add("demo", "1.0", "cp313-cp313-manylinux_2_28_x86_64", FILES)
    index.serve(server)
    question = Question(name="demo", specifier="==1.0")
    assert isinstance(finder(server, tmp_path, newest=(2, 27)).find([question])["demo"], Absent)
    assert isinstance(finder(server, tmp_path, newest=(2, 28)).find([question])["demo"], Choice)


@pytest.mark.parametrize(
    "tag", ["cp313-cp313t-manylinux2014_x86_64", "cp313-abi3t-manylinux2014_x86_64", "cp314-cp314-manylinux2014_x86_64"]
)
def test_a_wheel_for_another_abi_is_never_taken(server: HttpServer, tmp_path: Path, tag: str) -> None:
    index = WheelIndex()
    index.add("demo", "1.0", tag, FILES)
    index.add("demo", "2.0", "cp313-cp313-manylinux2014_x86_64", FILES)
    index.serve(server)
    assert "No matching distribution found for demo==1.0" in chosen(server, tmp_path)


def test_one_call_for_all_and_none_again(server: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run_pip(arguments: Sequence[str]) -> Answer:
        asked.append(list(arguments))
        return index_module.run_pip(arguments)

    monkeypatch.setattr(wheels, "run_pip", run_pip)
    index = WheelIndex()
    for name in ("one", "two", "three"):
        index.add(name, "1.0", "cp313-cp313-manylinux2014_x86_64", {f"{name}.py": "", f"{name}.so": b"\x7fELF"})
    index.add_source("four", "1.0")
    index.serve(server)
    names = ["one", "two", "three"]
    questions = [Question(name=name, specifier="==1.0") for name in names]
    answers = finder(server, tmp_path).find(questions)
    assert [arguments[0] for arguments in asked] == ["install", "download"]
    assert all(isinstance(answers[name], Choice) for name in names)
    for name in names:
        choice = answers[name]
        assert isinstance(choice, Choice)
        directory = WheelCache(tmp_path).directory(choice)
        assert (directory / "site-packages" / f"{name}.so").read_bytes() == b"\x7fELF"
        assert choice.sha256 == index.sha256(choice.filename) == directory.name
    # Neither a new process nor a connection, also for what does not exist.
    more = [*questions, Question(name="four", specifier="==1.0")]
    first = finder(server, tmp_path).find(more)
    server.asked.clear()
    asked.clear()
    server.files = {}
    assert finder(server, tmp_path).find(more) == first
    assert isinstance(first["four"], Absent)
    assert not asked
    assert not server.asked


def test_a_hash_that_is_wrong_is_an_error_and_leaves_nothing(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    index.wrong.add(index.add("demo", "1.0", "cp313-cp313-manylinux2014_x86_64", FILES))
    index.serve(server)
    with pytest.raises(PypkgError, match=r"Cannot use demo.*: the hash of its file") as caught:
        finder(server, tmp_path).find([Question(name="demo", specifier="==1.0")])
    assert f"sha256 wanted: {'0' * 64}" in str(caught.value)
    assert not list(tmp_path.rglob("*.py"))
    index.wrong.clear()
    index.serve(server)
    assert chosen(server, tmp_path).endswith(".whl")


def test_only_files_with_the_hashes_of_a_lock_are_taken(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    old = index.add("demo", "1.0", "cp37-abi3-manylinux_2_28_x86_64", FILES)
    index.add("demo", "1.0", "cp313-cp313-manylinux2014_x86_64", {"demo/other.py": ""})
    index.serve(server)
    question = Question(name="demo", specifier="==1.0", hashes=frozenset({index.sha256(old)}))
    answer = finder(server, tmp_path).find([question])["demo"]
    assert isinstance(answer, Choice)
    assert answer.filename == old
    stranger = Question(name="demo", specifier="==1.0", hashes=frozenset({"1" * 64}))
    with pytest.raises(PypkgError, match=r"Cannot use demo==1\.0: the hash"):
        finder(server, tmp_path).find([stranger])


def test_what_came_from_elsewhere_is_never_asked_of_an_index(server: HttpServer, tmp_path: Path) -> None:
    strangers = WheelIndex()
    strangers.add("demo", "1.0", "cp313-cp313-manylinux2014_x86_64", {"demo/stranger.py": ""})
    strangers.serve(server)
    question = Question(name="demo", specifier="==1.0", only_links=True)
    assert isinstance(finder(server, tmp_path).find([question])["demo"], Absent)
    assert not server.asked
    own = WheelIndex()
    own.add("demo", "1.0", "cp313-cp313-linux_x86_64", {"demo/own.py": ""})
    links = str(own.write(tmp_path / "links"))
    index = Index(index_url=f"{server.url}/simple/", find_links=(links,))
    cache = WheelCache(tmp_path)
    choice = WheelFinder(LINUX, index=index, cache=cache).find([question])["demo"]
    assert isinstance(choice, Choice)
    assert (cache.directory(choice) / "site-packages/demo/own.py").is_file()
    assert not server.asked


def test_a_withdrawn_release_is_taken_for_its_exact_version_only(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    index.add("demo", "1.0", "py3-none-any", FILES)
    index.add("demo", "2.0", "py3-none-any", FILES, yanked="it eats files")
    index.serve(server)
    exact = finder(server, tmp_path).find([Question(name="demo", specifier="==2.0")])["demo"]
    free = finder(server, tmp_path).find([Question(name="demo", specifier=">=1")])["demo"]
    assert isinstance(exact, Choice)
    assert isinstance(free, Choice)
    assert (exact.version, exact.yanked) == ("2.0", True)
    assert (free.version, free.yanked) == ("1.0", False)


@pytest.mark.parametrize(
    ("name", "specifier", "hashes"),
    [
        ("demo\n--index-url=http://evil", "==1.0", ()),
        ("-e demo", "==1.0", ()),
        ("demo", "==1.0\n--index-url=http://evil", ()),
        ("demo", "==1.0 @ http://evil/demo.whl", ()),
        ("demo", "==1.0", ("0\nother",)),
        ("demo", "; extra", ()),
    ],
)
def test_names_from_strangers_files_never_become_options(
    server: HttpServer, tmp_path: Path, name: str, specifier: str, hashes: tuple[str, ...]
) -> None:
    question = Question(name=name, specifier=specifier, hashes=frozenset(hashes))
    assert isinstance(finder(server, tmp_path).find([question])[name], Absent)
    assert not server.asked


def test_versions_for_other_pythons_are_not_taken(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    index.add("demo", "1.0", "py3-none-any", FILES, python=">=3.13")  # not the Python that runs pip here
    index.add("demo", "2.0", "py3-none-any", FILES, python=">=3.99")
    index.add("demo", "3.0rc1", "py3-none-any", FILES)
    index.serve(server)
    found = finder(server, tmp_path).find([Question(name="demo", specifier="")])["demo"]
    assert isinstance(found, Choice) and found.version == "1.0"
    assert isinstance(finder(server, tmp_path).find([Question(name="demo", specifier="==1.0")])["demo"], Choice)
    assert isinstance(finder(server, tmp_path).find([Question(name="demo", specifier="==2.0")])["demo"], Absent)
    old = Target(version="311", platform="linux", arch="x64")
    assert isinstance(finder(server, tmp_path, old).find([Question(name="demo", specifier="==1.0")])["demo"], Absent)


def test_what_exists_is_found_for_the_error(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    names = [index.add("demo", "1.0", f"cp313-cp313-{tag}", FILES) for tag in ("win_amd64", "manylinux_2_17_x86_64")]
    index.add("demo", "1.1", "cp313-cp313-win_amd64", FILES)
    index.add_source("demo", "1.0")
    index.serve(server)
    target = Target(version="313", platform="linux", arch="armv7")
    existing = finder(server, tmp_path, target).existing(Question(name="demo", specifier="==1.0"))
    assert existing == sorted([*names, "demo-1.0.tar.gz"])


def test_a_network_that_is_down_is_not_remembered(server: HttpServer, tmp_path: Path) -> None:
    index = WheelIndex()
    index.add("demo", "1.0", "py3-none-any", FILES)
    down = Index(index_url="http://127.0.0.1:9/simple/")
    question = Question(name="demo", specifier="==1.0")
    answer = WheelFinder(LINUX, index=down, cache=WheelCache(tmp_path)).find([question])["demo"]
    assert isinstance(answer, Absent)
    assert not list((tmp_path / "choices").glob("*"))


def test_pip_of_the_project_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('the project was run')")
    (tmp_path / "sitecustomize.py").write_text("print('the project was run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    links = WheelIndex()
    links.add("demo", "1.0", "py3-none-any", FILES)
    links.write(tmp_path / "links")
    index = Index(no_index=True, find_links=("links",))  # relative to where pypkg runs
    cache = WheelCache(tmp_path / "cache")
    answer = WheelFinder(LINUX, index=index, cache=cache).find([Question(name="demo", specifier="==1.0")])["demo"]
    assert isinstance(answer, Choice)
