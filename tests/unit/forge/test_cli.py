"""The command line: exit codes, and errors instead of tracebacks."""

# ruff: noqa: PLR0917 (fixtures come as positional arguments)

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pypkg_core.targets.catalogue import Target
from pypkg_forge import cli

MakeBase = Callable[..., bytes]
Publish = Callable[..., str]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["pypkg-forge", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_list_shows_every_target_on_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("py")]) == 90
    assert any(line.split(maxsplit=1) == ["py313-linuxstatic-x64", "can be built"] for line in lines)
    assert any("not support win-arm64 yet" in line for line in lines)
    assert any("py315-linux-x64" in line and "Python 3.15 is not yet available" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["build", "py313-nowhere"], 2, "> Error! Unknown token 'nowhere' in 'py313-nowhere'"),
        (["build", "py313t"], 2, "> Error! Free-threaded builds are not offered yet: 'py313t' in 'py313t'"),
        (["build"], 2, "Missing argument"),
        (["build", "py313", "--jobs", "0"], 2, "--jobs"),
        (["frobnicate"], 2, "No such command"),
        (["build", "py315-linuxstatic-x64"], 1, "Cannot build py315-linuxstatic-x64: Python 3.15 is not yet available"),
        (["build", "py313-win-x64"], 1, "the forge does not support win-x64 yet"),
        (["sources", "py313", "--source", "/nowhere"], 2, "--source /nowhere is not a directory"),
        (["verify", "py313-linuxstatic-x64"], 1, "The cache has no built base of py313-linuxstatic-x64"),
        (["fetch", "py313-linuxstatic-x64"], 1, "No base is published for py313-linuxstatic-x64\nHint: Forge it"),
        (["fetch", "py313-nowhere"], 2, "> Error! Unknown token 'nowhere' in 'py313-nowhere'"),
        (["fetch"], 2, "Missing argument"),
        (["verify", "some/missing/file"], 2, "File not found: some/missing/file"),
        (["verify", __file__], 1, "> Error! "),
    ],
)
def test_errors(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert run(monkeypatch, *arguments) == code
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_an_interrupt_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "fetch_sources", interrupted)
    assert run(monkeypatch, "sources", "py313-linuxstatic-x64") == 130
    assert "Interrupted" in capsys.readouterr().err


def test_fetch_prints_the_path_of_the_base(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    publish: Publish,
    make_base: MakeBase,
    target: Target,
    cache: Path,
) -> None:
    publish(make_base())
    assert run(monkeypatch, "fetch", target.name) == 0
    path = Path(capsys.readouterr().out.rstrip("\n"))
    assert (path.parent, path.read_bytes()) == (cache, make_base())
    assert run(monkeypatch, "fetch", target.name) == 0
    publish(b"x" * len(make_base()), listed=make_base())
    path.unlink()
    assert run(monkeypatch, "fetch", target.name) == 1
    assert "Binary hash does NOT match" in capsys.readouterr().err
    assert not path.exists()


def test_help_names_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    listed = capsys.readouterr().out
    for command in ("build", "fetch", "list", "sources", "verify"):
        assert f"\n  {command} " in listed
        assert run(monkeypatch, command, "--help") == 0
