"""apt's configuration in both formats."""

from pathlib import Path

from pypkg_forge.sources.apt import debian_archives, parse_deb822, parse_one_line, read_sources

DEB822 = """\
Types: deb
# a comment between fields
URIs: http://one.example/debian/
  http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF

Types: deb
URIs: http://one.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main

Types: deb
URIs: https://vendor.example/node
Suites: nodistro
Components: main
"""

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/a.gpg arch=amd64] http://three.example/debian bookworm main contrib # why
deb-src http://three.example/debian bookworm main
deb http://vendor.example/apt cloud-sdk-bookworm main
deb http://contrib.example/debian bookworm contrib
deb cdrom:[Debian]/ bookworm main
nonsense
"""


def test_deb822_stanzas() -> None:
    uris = [source.uri for source in parse_deb822(DEB822)]
    assert uris == [
        "http://one.example/debian",
        "http://two.example/debian",
        "http://one.example/debian-security",
        "https://vendor.example/node",
    ]


def test_one_line_entries() -> None:
    found = list(parse_one_line(ONE_LINE))
    assert found[0].uri == "http://three.example/debian"
    assert found[0].suites == ("bookworm",)
    assert found[0].components == ("main", "contrib")


def test_only_debian_archives_are_asked() -> None:
    found = debian_archives([*parse_deb822(DEB822), *parse_one_line(ONE_LINE)])
    assert found == ["http://one.example/debian", "http://two.example/debian", "http://three.example/debian"]


def test_a_machine_without_apt_has_none(tmp_path: Path) -> None:
    assert read_sources(tmp_path / "nothing") == []


def test_every_file_of_the_folder_is_read(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian sid main\n")
    (parts / "b.list").write_text("deb http://b.example/debian stable main\n")
    (parts / "c.sources").write_text("URIs: http://c.example/debian\nSuites: trixie-backports\nComponents: main\n")
    (parts / "d.save").write_text("deb http://d.example/debian sid main\n")
    assert debian_archives(read_sources(tmp_path)) == [
        "http://a.example/debian",
        "http://b.example/debian",
        "http://c.example/debian",
    ]
