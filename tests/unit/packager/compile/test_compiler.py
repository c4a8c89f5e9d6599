"""Workers and the bytecode cache."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from pypkg.compile import pool, process
from pypkg.compile.cache import CompileCache
from pypkg.compile.compiler import Compiler
from pypkg.compile.worker.protocol import COMPILE, IMPORTS
from pypkg_core.errors import PypkgError
from pypkg_core.targets.catalogue import catalogue

HERE = Path(sys.executable)
VERSION = (sys.version_info.major, sys.version_info.minor)


def compiler(cache: Path | None, *pythons: Path, version: tuple[int, int] = VERSION) -> Compiler:
    platform = catalogue().platforms["linux"]
    return Compiler(version=version, platform=platform, pythons=pythons or [HERE], cache=cache, jobs=2)


def test_many_modules_come_back_each_as_its_own() -> None:
    with compiler(None) as made:
        for number in range(300):
            made.submit(f"app/m{number}.py", f"import a{number}\nx = {'1 + ' * number}1\n".encode(), IMPORTS)
        for number in range(300):
            result = made.result(f"app/m{number}.py", IMPORTS)
            assert result.findings.imports[0].name == f"a{number}"
            assert result.error is None
            assert f"/snapshot/app/m{number}.py".encode() in result.code


def test_the_second_run_needs_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with compiler(tmp_path) as first:
        first.submit("app/a.py", b"import b", IMPORTS)
        expected = first.result("app/a.py", IMPORTS)
    with compiler(tmp_path) as second:
        monkeypatch.setattr(pool, "start_worker", pytest.fail)
        second.submit("app/a.py", b"import b", IMPORTS)
        assert second.result("app/a.py", IMPORTS) == expected


def test_a_compiler_that_rests_knows_what_it_was_told_and_works_again() -> None:
    file, other = (Path("root"), "a.py", IMPORTS), (Path("root"), "b.py", IMPORTS)
    with compiler(None) as made:
        made.rest()  # before there was any work
        made.files[file] = made.submit("app/a.py", b"import b", IMPORTS)
        known = made.result("app/a.py", IMPORTS)
        made.files[other] = made.submit("app/b.py", b"import c", IMPORTS)
        made.rest()
        assert made.result("app/a.py", IMPORTS) is known
        # Nobody waited for this one: its answer is lost, so it must not count as submitted.
        assert made.files.keys() == {file}
        made.submit("app/b.py", b"import c", IMPORTS)
        assert made.result("app/b.py", IMPORTS).findings.imports[0].name == "c"


def test_another_path_text_or_mode_is_another_entry(tmp_path: Path) -> None:
    with compiler(tmp_path) as first:
        first.submit("app/a.py", b"x = 1", COMPILE)
        code = first.result("app/a.py", COMPILE).code
    with compiler(tmp_path) as second:
        second.submit("lib/a.py", b"x = 1", COMPILE)
        second.submit("app/a.py", b"x = 2", COMPILE)
        assert second.result("lib/a.py", COMPILE).code != code
        assert second.result("app/a.py", COMPILE).code != code


@pytest.mark.parametrize("damage", [b"", b"not a database at all", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_cache_is_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "modules-1.sqlite").write_bytes(damage)
    with compiler(tmp_path) as made:
        made.submit("app/a.py", b"x = 1", COMPILE)
        assert made.result("app/a.py", COMPILE).code
    cache = CompileCache(tmp_path)
    assert cache.facts(HERE) is not None
    cache.close()


def test_a_changed_entry_is_not_believed(tmp_path: Path) -> None:
    cache = CompileCache(tmp_path)
    cache.put(b"key", "{}", b"code")
    cache.close()
    path = tmp_path / "modules-1.sqlite"
    path.write_bytes(path.read_bytes().replace(b"code", b"cods"))
    cache = CompileCache(tmp_path)
    assert cache.get(b"key") is None
    cache.close()


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with compiler(tmp_path / "file" / "cache") as made:
        made.submit("app/a.py", b"x = 1", COMPILE)
        assert made.result("app/a.py", COMPILE).code


def test_no_python_of_the_version(tmp_path: Path) -> None:
    with pytest.raises(PypkgError, match=r"Cannot compile for Python 3\.99") as caught:
        compiler(None, HERE, tmp_path / "nothing", version=(3, 99))
    assert "it is Python 3." in str(caught.value)


def test_a_crash_names_what_was_being_compiled(tmp_path: Path) -> None:
    # An interpreter whose worker sends its hello, then dies.
    script = tmp_path / "python"
    script.write_text(
        f"#!{HERE}\nimport subprocess, sys\n"
        f"worker = subprocess.Popen([{str(HERE)!r}, *sys.argv[1:]], stdin=subprocess.PIPE)\n"
        "sys.stdin.buffer.read(10)\nworker.kill()\nworker.wait()\nprint('it broke', file=sys.stderr)\nsys.exit(7)\n"
    )
    script.chmod(0o755)
    with compiler(None, script) as made:
        made.submit("app/bad.py", b"x = 1", COMPILE)
        with pytest.raises(PypkgError, match="exit code 7") as caught:
            made.result("app/bad.py", COMPILE)
    assert caught.value.context == {"message": "it broke", "modules": "/snapshot/app/bad.py"}


def test_the_environment_does_not_reach_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    with compiler(None) as made:
        made.submit("app/a.py", b"assert x in {'a', 'b', 'c'}", COMPILE)
        first = made.result("app/a.py", COMPILE).code
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    with compiler(None) as made:
        made.submit("app/a.py", b"assert x in {'a', 'b', 'c'}", COMPILE)
        assert made.result("app/a.py", COMPILE).code == first
    assert b"AssertionError" in first or os.environ["PYTHONOPTIMIZE"] == "2"


def test_malformed_findings_in_the_cache_are_read_again(tmp_path: Path) -> None:
    with compiler(tmp_path) as first:
        first.submit("app/a.py", b"import b", IMPORTS)
        expected = first.result("app/a.py", IMPORTS)
        assert first._cache is not None
        [(key, *_)] = first._cache._new
        first._cache.put(key, '{"imports": [["b"]]}', b"code")
    with compiler(tmp_path) as second:
        second.submit("app/a.py", b"import b", IMPORTS)
        assert second.result("app/a.py", IMPORTS) == expected


def test_a_malformed_answer_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = tmp_path / "worker" / "main.py"
    shutil.copytree(process.WORKER.parent, worker.parent)
    worker.write_text(worker.read_text().replace("json.dumps(findings)", "'[]'"))
    monkeypatch.setattr(process, "WORKER", worker)
    with compiler(None) as made:
        made.submit("app/a.py", b"import b", IMPORTS)
        with pytest.raises(PypkgError, match=r"malformed answer for /snapshot/app/a\.py"):
            made.result("app/a.py", IMPORTS)
