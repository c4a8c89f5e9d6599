"""Inline metadata of scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg.project.config import load_config
from pypkg.project.inline_metadata import InlineMetadata, check_version, fitting_versions, read_inline_metadata
from pypkg.project.project import load_project
from pypkg_core.errors import UsageError
from pypkg_core.targets.catalogue import latest_version

SCRIPT = Path("/somewhere/script.py")
BLOCK = '# /// script\n# dependencies = [\n#   "httpx[http2]<1",\n# ]\n#\n# requires-python = ">=3.11"\n# ///\n'


def read(text: str | bytes) -> InlineMetadata | None:
    return read_inline_metadata(SCRIPT, text if isinstance(text, bytes) else text.encode())


def dependencies(text: str | bytes) -> tuple[str, ...] | None:
    found = read(text)
    return None if found is None else found.dependencies


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        "#!/usr/bin/env python\nimport this\n" + BLOCK + "print()\n",
        BLOCK.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + BLOCK.encode(),
        b"# coding: latin-1\n# \xe9\n" + BLOCK.encode(),
        BLOCK.removesuffix("\n"),
        BLOCK + "\n# /// other\n# x = 1\n# ///\n",
        BLOCK.replace("# ]", "# ] # ///"),
        BLOCK.replace("# ]\n", "# ]\n# other = 1\n"),  # unknown keys
    ],
)
def test_blocks(text: str | bytes) -> None:
    assert dependencies(text) == ("httpx[http2]<1",)


@pytest.mark.parametrize(
    "text",
    [
        "print()\n",
        BLOCK.removesuffix("# ///\n"),  # not closed
        BLOCK.replace("# ///\n", "# /// \n"),
        BLOCK.replace("#   ", "#\t"),  # a line that is no content
        BLOCK.replace("# /// script", " # /// script"),
        "# /// script\n# ///\n",  # without content
        "# /// script-2\n# x = 1\n# ///\n",
    ],
)
def test_no_blocks(text: str) -> None:
    assert read(text) is None


def test_a_block_ends_at_the_last_end_of_its_comment() -> None:
    assert dependencies('# /// script\n# x = """\n# ///\n# """\n# dependencies = ["a"]\n# ///\n') == ("a",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BLOCK + "\n" + BLOCK, r"script\.py: expected one block '# /// script', got 2, in lines 1, 9"),
        ("x = 1\n# /// script\n# a = \n# ///\n", r"script\.py: .*at line 3"),
        ('# /// script\n# dependencies = "a"\n# ///\n', r"dependencies: expected a list, got 'a'"),
        (
            '# /// script\n# dependencies = ["a", "b c"]\n# ///\n',
            r"dependencies\[1\]: expected a requirement, got 'b c'",
        ),
        ("# /// script\n# requires-python = 3\n# ///\n", "requires-python: expected a string, got 3"),
        ('# /// script\n# requires-python = "3.x"\n# ///\n', "requires-python: expected a specifier .* got '3.x'"),
        ("# /// script\n# tool = 1\n# ///\n", "tool: expected a table, got 1"),
        ("# /// script\n# tool.pypkg = 1\n# ///\n", r"tool\.pypkg: expected a table, got 1"),
        (b"# \xe9\n" + BLOCK.encode(), r"script\.py: .*(utf-8|encoding)"),
        (
            '# /// script\n# dependencies = ["My-Lib"]\n# tool.uv.sources.my_lib = { path = "../x" }\n# ///\n',
            r"tool\.uv\.sources\.my_lib: is read by uv only",
        ),
    ],
)
def test_errors(text: str | bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(text)


def inline(requires: str) -> InlineMetadata:
    found = read(f'# /// script\n# requires-python = "{requires}"\n# ///\n')
    assert found is not None
    return found


def test_the_versions_that_fit() -> None:
    assert fitting_versions(InlineMetadata(origin=SCRIPT))[0] == latest_version()
    assert fitting_versions(inline(">=3.11,<3.13")) == ["311", "312"]
    assert fitting_versions(inline("==3.11.2")) == ["311"]  # an older release of the series
    with pytest.raises(UsageError, match=r"requires-python is '<3\.11', available: 3\.11, 3\.12"):
        fitting_versions(inline("<3.11"))


def test_a_target_that_does_not_fit() -> None:
    check_version(inline(">=3.12"), "313")
    with pytest.raises(UsageError, match=r"script\.py for Python 3\.11: requires-python is '>=3\.12'") as caught:
        check_version(inline(">=3.12"), "311")
    assert "py312, py313" in str(caught.value.hint)


def test_the_table_is_the_configuration(tmp_path: Path) -> None:
    script = tmp_path / "tool.py"
    script.write_text('# /// script\n# [tool.pypkg]\n# hidden-imports = ["json"]\n# nonsense = 1\n# ///\n')
    project = load_project(script)
    config = load_config(project, None)
    assert config.hidden_imports == ("json",)
    assert (config.directory, config.origin) == (tmp_path, script)
    assert any("tool.pypkg.nonsense" in str(item) for item in config.diagnostics)
    (tmp_path / "c.toml").write_text('excludes = ["x"]\n')
    assert load_config(project, tmp_path / "c.toml").hidden_imports == ()
    script.write_text(BLOCK)
    assert load_config(load_project(script), None).origin is None
