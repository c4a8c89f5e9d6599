"""Interpreter options: spellings, and those that have no use in an executable."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.project.config import load_config
from pypkg.project.interpreter_options import optimization, parse_options, split_options
from pypkg.project.project import load_project
from pypkg_core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "options", "level"),
    [
        ("", (), 0),
        ("u", ("-u",), 0),
        ("u,O,X=dev,W=error", ("-O", "-u", "-Xdev", "-Werror"), 1),
        ("-u -OO", ("-OO", "-u"), 2),
        ("O,b,O,b", ("-OO", "-b", "-b"), 2),
        ("OOO", ("-OO",), 2),
        ("uOX=utf8=1", ("-O", "-u", "-Xutf8=1"), 1),
        ("-X dev,Xtracemalloc=5", ("-Xdev", "-Xtracemalloc=5"), 0),
        ("-W 'error:two words'", ("-Werror:two words",), 0),
        ("X=thread_inherit_context=1", ("-Xthread_inherit_context=1",), 0),
        ("X=disable-remote-debug", ("-Xdisable-remote-debug",), 0),
        ("X=importtime=2", ("-Ximporttime=2",), 0),
        ("X=of-its-own=3", ("-Xof-its-own=3",), 0),
    ],
)
def test_one_text(text: str, options: tuple[str, ...], level: int) -> None:
    assert parse_options(split_options(text)) == options
    assert optimization(options) == level


def test_words_of_a_command_line() -> None:
    words = ["-O", "-X", "dev", "-W", "error:this, that::module"]
    assert parse_options(words) == ("-O", "-Xdev", "-Werror:this, that::module")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c", "'c': the packaged program is what runs"),
        ("-m", "the packaged program is what runs"),
        ("V", "the program handles its own command line"),
        ("--help", "the program handles its own command line"),
        ("uh", "'-h': the program handles its own command line"),
        ("i", "no interactive prompt"),
        ("E", "a packaged program always runs this way"),
        ("I", "a packaged program always runs this way"),
        ("P", "a packaged program always runs this way"),
        ("check-hash-based-pycs=never", "packaged modules have no .pyc files"),
        ("x", "no first line"),
        ("z", "Python has no option -z"),
        ("dev", "Write X=dev"),
        ("X=Dev", "Write X=dev"),
        ("X", "'-X': it needs a value"),
        ("W,", "'-W': it needs a value"),
        ("-X -O", "it needs a value"),
        ("W=wrong", "expected one of default, error"),
        ("X=utf8=2", "expected 0 or 1"),
        ("X=context_aware_warnings=yes", "expected 0 or 1"),
        ("X=importtime=3", "importtime=2"),
        ("X=gil=0", "needs the global interpreter lock"),
        ("X=int_max_str_digits=3", "an integer >= 640"),
        ("X=frozen_modules=maybe", "on or off"),
        ("X=pycache_prefix", "expected pycache_prefix=VALUE"),
        ("X=é", "printable ASCII"),
        ("W='error", "no closing quotation"),
        ("-", "it is empty"),
    ],
)
def test_what_cannot_be_built_in(text: str, message: str) -> None:
    with pytest.raises(UsageError, match="Cannot build in the option") as caught:
        parse_options(split_options(text))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ('"u,X=dev"', ("-u", "-Xdev")),
        ('["-u", "-X", "dev"]', ("-u", "-Xdev")),
        ('["X=dev", "OO"]', ("-OO", "-Xdev")),
        ("[]", ()),
    ],
)
def test_in_the_configuration(tmp_path: Path, value: str, options: tuple[str, ...]) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "x"\n[tool.pypkg]\noptions = {value}\n')
    (tmp_path / "__main__.py").write_text("")
    assert load_config(load_project(tmp_path), None).options == options


def test_a_mistake_in_the_configuration_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.pypkg]\noptions = ["-O", "-m"]\n')
    (tmp_path / "__main__.py").write_text("")
    with pytest.raises(UsageError, match=r"pyproject\.toml: tool\.pypkg\.options: Cannot build in the option '-m'"):
        load_config(load_project(tmp_path), None)
