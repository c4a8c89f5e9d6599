"""What the README promises to type is what is tested."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def _setup_lines() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("## Set up", 1)[1].split("\n## ", 1)[0]
    return [block.split("```", 1)[0].strip() for block in text.split("```sh\n")[1:]]


def test_ci_runs_the_readmes_test_line() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    install, _, command = _setup_lines()[1].rpartition(" && ")
    assert f"\n{install}\n" in script
    assert f"\n{command}\n" in script


def test_the_readmes_debian_packages_are_cis() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = readme.split("`apt-get install -y ", 1)[1].split("`", 1)[0].split()
    assert len(named) > 3
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [package for package in named if f" {package} " not in script] == []


def test_every_link_leads_to_a_file() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        targets = [part.split(")", 1)[0] for part in text.split("](")[1:]]
        local = [target.split("#")[0] for target in targets if not target.startswith(("http", "#"))]
        assert [target for target in local if not (page.parent / target).exists()] == [], page.name
