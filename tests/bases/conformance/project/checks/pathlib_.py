"""pathlib on packaged files."""

import pathlib
import stat
from pathlib import Path

from checking import DATA, FILE, PROJECT, ROOT, check, each, outcome

PLAIN = Path(DATA, "plain")
LINKS = Path(DATA, "links")


def _sorted(items):
    return sorted(map(str, items))


@check
def reading():
    path = Path(FILE)
    return each(
        text=(path.read_text, "utf-8"),
        data=((PLAIN / "b.bin").read_bytes,),
        open=(lambda: [line for line in path.open()],),
        directory=(PLAIN.read_text,),
        missing=((PLAIN / "none").read_text,),
        through=((LINKS / "directory" / "a.txt").read_text,),
        dangling=((LINKS / "dangling").read_text,),
    )


@check
def questions():
    found = {}
    paths = {
        "file": Path(FILE),
        "directory": PLAIN,
        "link": LINKS / "relative",
        "directory link": LINKS / "directory",
        "dangling": LINKS / "dangling",
        "loop": LINKS / "loop",
        "missing": PLAIN / "none",
        "below a file": Path(FILE) / "x",
        "root": Path(ROOT),
    }
    names = "exists is_file is_dir is_symlink is_mount is_socket is_fifo is_block_device is_char_device".split()
    for name, path in paths.items():
        found[name] = {question: outcome(getattr(path, question)) for question in names}
        found[name]["stat"] = outcome(lambda path=path: stat.filemode(path.stat().st_mode))
        found[name]["lstat"] = outcome(lambda path=path: stat.filemode(path.lstat().st_mode))
        found[name]["resolve"] = outcome(path.resolve)
        found[name]["strict"] = outcome(path.resolve, True)
        found[name]["absolute"] = outcome(path.absolute)
        found[name]["readlink"] = outcome(path.readlink)
    return found


@check
def listing():
    return each(
        iterdir=(lambda: _sorted(PLAIN.iterdir()),),
        iterdir_links=(lambda: _sorted(LINKS.iterdir()),),
        iterdir_empty=(lambda: _sorted(Path(DATA, "empty").iterdir()),),
        iterdir_file=(lambda: _sorted(Path(FILE).iterdir()),),
        iterdir_missing=(lambda: _sorted(Path(DATA, "none").iterdir()),),
        glob=(lambda: _sorted(PLAIN.glob("*.txt")),),
        glob_star=(lambda: _sorted(Path(DATA, "nested").glob("**/*.txt")),),
        glob_up=(lambda: _sorted(PLAIN.glob("../plain/*.txt")),),
        rglob=(lambda: _sorted(Path(DATA, "nested").rglob("*")),),
        rglob_links=(lambda: _sorted(Path(DATA, "walked").rglob("*")),),
        rglob_odd=(lambda: _sorted(Path(DATA, "odd").rglob("*")),),
        match=(lambda: Path(FILE).match("plain/*.txt"),),
        glob_missing=(lambda: _sorted(Path(DATA, "none").glob("*")),),
        glob_case=(lambda: _sorted(PLAIN.glob("A.TXT")),),
    )


@check
def walking():
    if not hasattr(Path, "walk"):
        return None
    return sorted([str(top), sorted(folders), sorted(files)] for top, folders, files in Path(DATA, "nested").walk())


@check
def same_file():
    path = Path(FILE)
    return each(
        link=(path.samefile, LINKS / "relative"),
        other=(path.samefile, PLAIN / "b.bin"),
        missing=(path.samefile, PLAIN / "none"),
        owner=(lambda: isinstance(path.owner(), str),),
        parts=(lambda: [path.name, path.stem, path.suffix, path.parent, path.relative_to(PROJECT)],),
        uri=(path.as_uri,),
    )


@check
def writing():
    path = Path(FILE)
    new = PLAIN / "new"
    return each(
        write_text=(path.write_text, "x"),
        write_bytes=(path.write_bytes, b"x"),
        new=(new.write_text, "x"),
        touch=(new.touch,),
        touch_existing=(path.touch,),
        touch_exclusive=(lambda: path.touch(exist_ok=False),),
        mkdir=(new.mkdir,),
        mkdir_parents=(lambda: (new / "a" / "b").mkdir(parents=True),),
        mkdir_existing=(PLAIN.mkdir,),
        mkdir_exist_ok=(lambda: PLAIN.mkdir(exist_ok=True),),
        unlink=(path.unlink,),
        unlink_missing=(lambda: new.unlink(missing_ok=True),),
        rmdir=(Path(DATA, "empty").rmdir,),
        rename=(path.rename, new),
        replace=(path.replace, new),
        chmod=(path.chmod, 0o600),
        lchmod=((LINKS / "relative").chmod, 0o600),
        symlink_to=(new.symlink_to, path),
        hardlink_to=(new.hardlink_to, path),
    )


@check
def kinds():
    return [type(Path(FILE)).__name__, isinstance(Path(FILE), pathlib.PurePosixPath), str(Path(FILE))]
