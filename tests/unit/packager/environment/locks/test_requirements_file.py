"""Requirements files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.environment.locks.find import find_lock
from pypkg.environment.locks.requirements_file import RequirementsFile, read_requirements_file
from pypkg_core.errors import UsageError

from .targets import LINUX, WINDOWS, digest

A, B = f"--hash=sha256:{digest('a')}", f"--hash=sha256:{digest('b')}"


def read(folder: Path, text: str) -> RequirementsFile:
    (folder / "requirements.txt").write_text(text)
    return read_requirements_file(folder / "requirements.txt")


def test_pinned_requirements_with_hashes(tmp_path: Path) -> None:
    text = (
        "# pip-compile --generate-hashes\n"
        f"HTTPX[http2]==0.27.0 ; sys_platform != 'win32' \\\n    {A} \\\n    --hash sha256:{digest('B')}\n"
        "    # via demo\n"
        f"colorama==0.4.6 ; sys_platform == 'win32' {B}  # only there\n"
        f"direct @ https://example.org/direct-2-py3-none-any.whl {A}\n"
    )
    found = read(tmp_path, text)
    assert found.requirements == (
        'HTTPX[http2]==0.27.0; sys_platform != "win32"',
        'colorama==0.4.6; sys_platform == "win32"',
        "direct @ https://example.org/direct-2-py3-none-any.whl",
    )
    assert found.lock.complete
    httpx = found.lock.find("httpx", LINUX)
    assert httpx is not None
    assert (httpx.version, httpx.hashes) == ("0.27.0", frozenset({digest("a"), digest("b")}))
    assert found.lock.find("colorama", LINUX) is None
    assert found.lock.find("colorama", WINDOWS) is not None
    direct = found.lock.find("direct", LINUX)
    assert direct is not None
    assert (direct.version, direct.source) == ("2", "url")
    assert find_lock(tmp_path, tmp_path / "requirements.txt") == found.lock


def test_ranges_are_no_locks(tmp_path: Path) -> None:
    found = read(tmp_path, "a>=1\nb==1.*\nc==1,!=2\n-e .\nd===1.0x\n")
    assert found.requirements == ("a>=1", "b==1.*", "c!=2,==1", "d===1.0x")
    assert {name: entries[0].version for name, entries in found.lock.packages.items()} == {"c": "1", "d": "1.0x"}
    assert not found.lock.complete


def test_nested_files_constraints_and_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    (tmp_path / "sub" / "wheels").mkdir(parents=True)
    (tmp_path / "sub" / "more.txt").write_text("b==2\n-f wheels\n-c ../limits.txt\n")
    (tmp_path / "limits.txt").write_text("a==1\nunused==3\n")
    text = (
        "-rsub/more.txt\n--index-url=https://${TOKEN}@example.org/simple --no-index\n"
        "--extra-index-url https://${UNSET_NAME}/\n--prefer-binary\na\n"
    )
    found = read(tmp_path, text)
    assert found.requirements == ("b==2", "a")
    assert {name: entries[0].version for name, entries in found.lock.packages.items()} == {
        "a": "1",
        "b": "2",
        "unused": "3",
    }
    assert found.index_options == (
        *("--find-links", str(tmp_path / "sub" / "wheels"), "--index-url", "https://secret@example.org/simple"),
        *("--no-index", "--extra-index-url", "https://${UNSET_NAME}/"),
    )


def test_a_wheel_by_its_path(tmp_path: Path) -> None:
    found = read(tmp_path, "./w/own-3.0-py3-none-any.whl ; sys_platform == 'linux'\n")
    own = found.lock.find("own", LINUX)
    assert own is not None
    assert (own.version, own.source) == ("3.0", "path")
    assert own.url == (tmp_path / "w/own-3.0-py3-none-any.whl").as_uri()
    assert found.lock.find("own", WINDOWS) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a==1 {A}\n\nb==2\n", r"requirements\.txt:3: b==2 has no --hash, but .*requirements\.txt:1 has one"),
        ("--require-hashes\na==1\n", r":2: a==1 has no --hash, but --require-hashes"),
        (f"a>=1 {A}\n", r":1: expected an exact version \(==\) with --hash, got a>=1"),
        ("a==1 --hash=sha256:abc\n", r":1: --hash: expected sha256: and 64"),
        ("a==1 --hash=md5:abc\n", r":1: --hash: expected sha256:"),
        ("a==1 --config-settings x\n", r":1: the option --config-settings cannot"),
        ("\n--no-binary :all:\n", r":2: the option --no-binary cannot"),
        ("# x\n==1\n", r":2: expected a requirement, got '==1'"),
        ("./folder\n", r":1: expected a requirement, got '\./folder'"),
        ("-e ./folder\n", r":1: expected a name"),
        ("-r\n", r":1: -r needs a value"),
        ("-r missing.txt\n", r"Cannot read .*missing\.txt"),
        ("-r https://example.org/x.txt\n", r":1: expected a file"),
        ("-r requirements.txt\n", "it includes"),
        ("a \\\n  --hash='x\n", r":1: No closing quotation"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(tmp_path, text)
