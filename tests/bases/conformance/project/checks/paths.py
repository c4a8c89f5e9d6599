"""os.path on existing and missing files."""

import os
import posixpath
import sys

from checking import DATA, FILE, PROJECT, ROOT, check, each, outcome

PLACES = {
    "file": FILE,
    "directory": f"{DATA}/plain",
    "slash": f"{DATA}/plain/",
    "link": f"{DATA}/links/relative",
    "absolute link": f"{DATA}/links/absolute",
    "directory link": f"{DATA}/links/directory",
    "link with slash": f"{DATA}/links/directory/",
    "file link with slash": f"{DATA}/links/relative/",
    "dangling": f"{DATA}/links/dangling",
    "loop": f"{DATA}/links/loop",
    "missing": f"{DATA}/none",
    "dots": f"{DATA}/./plain/../links//relative",
    "up through a link": f"{DATA}/links/directory/../plain/a.txt",
    "project": PROJECT,
    "root": ROOT,
    "far up": f"{ROOT}/../..{'/..' * 40}",
    "below a file": f"{FILE}/..",
    "empty": "",
    "NUL": "a\0b",
}
QUESTIONS = (
    "exists",
    "lexists",
    "isfile",
    "isdir",
    "islink",
    "getsize",
    "getmtime",
    "realpath",
    "abspath",
    "normpath",
    "dirname",
    "basename",
    "split",
    "splitext",
    "isabs",
)
DIRECTORIES = {"directory", "slash", "directory link", "link with slash", "project", "root", "far up"}


@check
def questions():
    found = {}
    for question in QUESTIONS:
        for name, path in PLACES.items():
            # The size of a directory, and the times of the machine's own, differ between file systems.
            if question.startswith("get") and name in DIRECTORIES:
                continue
            # What is above the tree belongs to the machine.
            if not (question in ("split", "splitext", "dirname", "basename") and name in ("root", "far up")):
                found[f"{question} {name}"] = outcome(getattr(os.path, question), path)
    return found


@check
def strict_realpath():
    return {name: outcome(os.path.realpath, path, strict=True) for name, path in PLACES.items()}


@check
def same_file():
    def same(one, other):
        return os.path.samefile(PLACES[one], PLACES[other])

    return each(
        link=(same, "file", "link"),
        dots=(same, "file", "dots"),
        up=(same, "file", "up through a link"),
        directory=(same, "directory", "directory link"),
        different=(same, "file", "directory"),
        missing=(same, "file", "missing"),
        descriptor=(lambda: _same_descriptor(),),
        real=(os.path.samefile, FILE, "/dev/null"),
    )


def _same_descriptor():
    fd = os.open(PLACES["link"], os.O_RDONLY)
    try:
        return os.path.samefile(fd, FILE)
    finally:
        os.close(fd)


@check
def joining():
    return each(
        relpath=(os.path.relpath, FILE, PROJECT),
        relpath_up=(os.path.relpath, PROJECT, f"{DATA}/plain"),
        commonpath=(os.path.commonpath, [FILE, f"{DATA}/links/loop"]),
        commonprefix=(os.path.commonprefix, [FILE, f"{DATA}/plain/b.bin"]),
        join=(os.path.join, DATA, "plain", "a.txt"),
        same_module=(lambda: os.path is posixpath,),
    )


@check
def what_the_program_is():
    return {
        "file": __file__,
        "main": sys.modules["__main__"].__file__,
        "exists": os.path.exists(__file__),
        "size is known": os.path.getsize(f"{PROJECT}/data/plain/a.txt"),
        "path": [item for item in sys.path if not item.startswith("/snapshot/lib/")],
        "os": os.__file__,
        "name": os.path.basename(sys.modules["__main__"].__file__),
    }
