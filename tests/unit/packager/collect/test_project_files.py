"""Which files of a project are packaged: those that the configuration names and moves, and those that nobody means."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypkg_core.errors import UsageError
from unit.packager.world import World, details, links, names, notices, paths, warnings

PYPROJECT = '[project]\nname = "demo"\n[project.scripts]\ndemo = "demo:main"\n[tool.pypkg]\n'
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"


def packaged(world: World, table: str, files: dict[str, str | bytes] | None = None) -> set[str]:
    """Return the project's files, without the project's name."""
    world.write({"pyproject.toml": PYPROJECT + table, "demo/__init__.py": "def main(): ...\n", **(files or {})})
    return {path.removeprefix("demo/") for path in paths(world.collect("")) if path.startswith("demo/")}


# Files that move

MOVES: list[tuple[str, set[str]]] = [
    ('{ from = "../rates.csv", to = "demo/money.csv" }', {"demo/money.csv"}),
    ('{ from = "../rates.csv", to = "tables/" }', {"tables/rates.csv"}),
    ('{ from = "../rates.csv", to = "." }', {"rates.csv"}),
    ('{ from = "../maps", to = "data/maps" }', {"data/maps/a.map", "data/maps/old/b.map", "data/maps/c.txt"}),
    ('{ from = "../maps/**/*.map", to = "m" }', {"m/a.map", "m/old/b.map"}),
    ('{ from = "../maps/*.txt", to = "./m/" }', {"m/c.txt"}),
    ('{ from = "own.txt", to = "demo/own.txt" }, "own.*"', {"demo/own.txt", "own.txt"}),
    ('{ from = "../[odd].txt", to = "x/odd.txt" }', {"x/odd.txt"}),
    ('{ from = "../newest.csv", to = "rates.csv" }', {"rates.csv"}),
]


@pytest.mark.parametrize(("items", "expected"), MOVES)
def test_assets_get_a_path_in_the_project(world: World, items: str, expected: set[str]) -> None:
    world.write(dict.fromkeys(("../rates.csv", "../maps/a.map", "../maps/old/b.map", "../maps/c.txt"), "1"))
    world.write({"own.txt": "", "../[odd].txt": ""})
    (world.directory / "newest.csv").symlink_to("rates.csv")
    assert packaged(world, f"assets = [{items}]\n") == expected
    payload = world.collect("")
    assert not links(payload)
    assert not notices(payload)


def test_what_moves_replaces_what_is_there(world: World) -> None:
    files: dict[str, str | bytes] = {"demo/settings.toml": "debug = true", "production.toml": "debug = false"}
    packaged(world, 'assets = { from = "production.toml", to = "demo/settings.toml" }\n', files)
    (file,) = (item for item in world.collect("").files if item.path == "demo/demo/settings.toml")
    assert file.read() == b"debug = false"


def test_an_empty_directory_moves(world: World) -> None:
    (world.directory / "empty").mkdir()
    packaged(world, 'assets = { from = "../empty", to = "cache/" }\n')
    assert "demo/cache" in world.collect("").directories


def test_ignore_takes_away_what_moves(world: World) -> None:
    files: dict[str, str | bytes] = {"maps/a.map": "", "maps/b.txt": ""}
    table = 'assets = { from = "maps", to = "demo/maps" }\nignore = "**/*.map"\n'
    assert packaged(world, table, files) == {"demo/maps/b.txt"}


@pytest.mark.parametrize(
    ("assets", "message", "hint"),
    [
        ('"../rates.csv"', r"names .*/rates\.csv, which is outside the project", 'to = "data/rates.csv" }'),
        ('"../*.csv"', r"names .*/rates\.csv, which is outside the project", '{ from = "../*.csv", to = "data/" }'),
        ('{ from = "../none.csv", to = "x" }', r"names '\.\./none\.csv', which matches no file", ""),
        ('{ from = "../n*", to = "x" }', r"names '\.\./n\*', which matches no file", ""),
    ],
)
def test_what_assets_cannot_name(world: World, assets: str, message: str, hint: str) -> None:
    world.write({"../rates.csv": ""})
    with pytest.raises(UsageError, match=message) as caught:
        packaged(world, f"assets = [{assets}]\n")
    assert hint in str(caught.value)


# More import roots


def test_paths_hold_modules_of_the_project(world: World) -> None:
    world.write({"../common/helper/__init__.py": "from pathlib import Path\nD = Path(__file__).parent / 'd.txt'\n"})
    world.write({"../common/helper/d.txt": "", "../common/unused.py": "", "vendor/thing.py": "", "common.py": ""})
    world.write({"demo/common/x.txt": ""})
    found = packaged(world, 'paths = ["vendor", "../common"]\n', {"demo/__init__.py": "import helper, thing\n"})
    # `packaged` wrote the module again.
    world.write({"demo/__init__.py": "import helper, thing\n"})
    payload = world.collect("")
    assert {"helper", "thing"} <= names(payload)
    assert "unused" not in names(payload)
    assert payload.search_path[:3] == ["/snapshot/demo", "/snapshot/demo/vendor", "/snapshot/demo/common"]
    assert "demo/common/helper/d.txt" in paths(payload)
    assert not warnings(payload)
    assert "demo/common/x.txt" in found


def test_paths_that_are_no_directories(world: World) -> None:
    with pytest.raises(UsageError, match=r"paths names .*/nowhere, which is no directory"):
        packaged(world, 'paths = "nowhere"\n')


# What nobody means to package

UNMEANT: dict[str, str | bytes] = {
    "demo/page.html": "",
    "demo/.env.local": "A=1",
    "demo/.hg/store/x": "",
    "demo/.hg/hgrc": "",
    "demo/web/node_modules/lib/index.js": "",
    "demo/web/node_modules/lib/build.py": "raise SystemExit\n",
    "demo/page.html~": "",
    "demo/deploy.key": KEY,
    "demo/__pycache__/page.txt": "",
}


def test_a_package_comes_without_what_nobody_means(world: World) -> None:
    assert packaged(world, "", UNMEANT) == {"demo/page.html"}
    payload = world.collect("")
    assert names(payload) == {"__main__", "demo"}
    assert notices(payload) == [
        "Left out 1 file of environment variables, which assets does not name: demo/.env.local",
        "Left out 1 folder of version control, which assets does not name: demo/.hg",
        "Left out 1 private key, which assets does not name: demo/deploy.key",
        "Left out 1 backup of an editor or another tool, which assets does not name: demo/page.html~",
        "Left out 1 cache or other trace of a tool, which assets does not name: demo/web/node_modules",
    ]
    assert "demo/deploy.key: is a private key; left out" in details(payload)
    assert "demo/__pycache__: is a folder of bytecode; left out" in details(payload)
    assert not warnings(payload)


def test_several_are_counted(world: World) -> None:
    packaged(world, 'assets = ["old"]\n', {f"old/{name}": KEY for name in ("b.txt", "a.txt", "c.txt")})
    (notice,) = notices(world.collect(""))
    assert notice == "Left out 3 private keys, which assets does not name, such as old/a.txt"


@pytest.mark.parametrize(
    ("assets", "expected", "told"),
    [
        ('"demo/deploy.key"', {"demo/deploy.key"}, "demo/deploy.key: looks like a private key"),
        ('"demo/*.key"', set(), ""),
        ('"demo"', set(), ""),
        ('"**/*~"', {"demo/page.html~"}, ""),
        ('"demo/.hg"', {"demo/.hg/store/x", "demo/.hg/hgrc"}, ""),
        ('"demo/.env.*"', {"demo/.env.local"}, "demo/.env.local: looks like a file of environment variables"),
        ('{ from = "demo/deploy.key", to = "k/key" }', {"k/key"}, "looks like a private key"),
        ('{ from = "demo", to = "again" }', {"again/page.html", "again/__init__.py"}, ""),
    ],
)
def test_what_assets_name_comes_along(world: World, assets: str, expected: set[str], told: str) -> None:
    found = packaged(world, f"assets = [{assets}]\n", UNMEANT)
    assert found - {"demo/__init__.py", "demo/web/node_modules/lib/build.py"} == {"demo/page.html"} | expected
    payload = world.collect("")
    assert not any(f": {path}" in line for path in expected for line in notices(payload))
    lines = warnings(payload)
    assert len(lines) == bool(told)
    assert all(told in line and "everybody who has the executable can read it" in line for line in lines)


def test_code_that_refers_to_a_secret_is_told_where(world: World) -> None:
    text = 'from pathlib import Path\n\nKEY = (Path(__file__).parent / "server.pem").read_text()\n'
    world.write({"app.py": text, "server.pem": KEY})
    payload = world.collect()
    assert not paths(payload)
    assert warnings(payload) == [
        "app.py:3: refers to server.pem, which is left out;"
        ' if it may be read by everybody, name it: assets = ["server.pem"]'
    ]


def test_links_that_leave_the_project(world: World) -> None:
    world.write({"../secret/passwords": "", "../secret/more/x": "", "shared/y.txt": ""})
    files: dict[str, str | bytes] = {"demo/page.html": ""}
    packaged(world, "", files)
    links = {"file": world.directory / "secret" / "passwords", "folder": Path("../../secret"), "in": Path("../shared")}
    for name, target in links.items():
        (world.project / "demo" / name).symlink_to(target)
    assert packaged(world, "", files) == {"demo/page.html", "shared/y.txt"}
    assert notices(world.collect("")) == [
        "Left out 2 links that lead out of the project, which assets does not name, such as demo/file"
    ]
    assert packaged(world, 'assets = ["demo/file"]\n', files) == {"demo/page.html", "shared/y.txt", "demo/file"}
    more = {"demo/folder/passwords", "demo/folder/more/x"}
    assert packaged(world, 'assets = ["demo/folder"]\n', files) == {"demo/page.html", "shared/y.txt"} | more
    assert packaged(world, 'assets = ["demo/**"]\n', files) - {"demo/__init__.py"} == {"demo/page.html", "shared/y.txt"}


def test_permissions_say_nothing_where_the_program_has_the_same(world: World) -> None:
    packaged(world, "", {"demo/notes.txt": ""})
    (world.project / "demo" / "notes.txt").chmod(0o600)
    assert "demo/demo/notes.txt" not in paths(world.collect(""))
    assert notices(world.collect("")) == [
        "Left out 1 file that only its owner may read, which assets does not name: demo/notes.txt"
    ]
    (world.project / "pyproject.toml").chmod(0o600)
    assert "demo/demo/notes.txt" in paths(world.collect(""))
