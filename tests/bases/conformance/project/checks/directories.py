"""Listing, walking and the working directory."""

import glob
import os
import stat

from checking import DATA, FILE, PROJECT, ROOT, check, each, outcome

PLACES = {
    "plain": f"{DATA}/plain",
    "with slash": f"{DATA}/plain/",
    "with dots": f"{DATA}/./links/../plain",
    "links": f"{DATA}/links",
    "empty": f"{DATA}/empty",
    "odd": f"{DATA}/odd",
    "nested": f"{DATA}/nested",
    "through a link": f"{DATA}/links/directory",
    "file": FILE,
    "missing": f"{DATA}/none",
    "dangling": f"{DATA}/links/dangling",
    "loop": f"{DATA}/links/loop",
}


def _facts(entry):
    return [
        outcome(entry.is_dir),
        outcome(entry.is_file),
        entry.is_symlink(),
        entry.is_dir(follow_symlinks=False),
        entry.is_file(follow_symlinks=False),
        entry.inode() == entry.stat(follow_symlinks=False).st_ino,
        outcome(lambda: stat.filemode(entry.stat().st_mode)),
        entry.path,
    ]


def _entries(place):
    with os.scandir(place) as entries:
        return {os.fsdecode(entry.name): _facts(entry) for entry in entries}


@check
def listdir():
    return {name: outcome(lambda place=place: sorted(os.listdir(place))) for name, place in PLACES.items()}


@check
def listdir_of_bytes():
    return sorted(os.listdir(os.fsencode(f"{DATA}/odd")))


@check
def scandir():
    return {name: outcome(_entries, place) for name, place in PLACES.items()}


@check
def listing_of_the_root():
    return each(
        projects=(lambda: {"site-packages"} <= set(os.listdir(ROOT)),),
        above=(lambda: os.path.basename(ROOT) in os.listdir(f"{ROOT}/.."),),
        entry=(lambda: [e.is_dir() for e in os.scandir(f"{ROOT}/..") if e.name == os.path.basename(ROOT)],),
        mount=(os.path.ismount, ROOT),
        no_mount=(os.path.ismount, DATA),
    )


def _walked(top, **options):
    return [[top, sorted(folders), sorted(files)] for top, folders, files, *_ in sorted(os.walk(top, **options))]


@check
def walking():
    def walked_bottom_up():
        seen = [top for top, *_ in os.walk(f"{DATA}/nested", topdown=False)]
        return [seen[-1], len(seen), seen.index(f"{DATA}/nested/one/two") < seen.index(f"{DATA}/nested/one")]

    return each(
        walk=(_walked, f"{DATA}/nested"),
        links=(_walked, f"{DATA}/links"),
        follow=(lambda: _walked(f"{DATA}/walked", followlinks=True),),
        bottom_up=(walked_bottom_up,),
        empty=(_walked, f"{DATA}/empty"),
        missing=(_walked, f"{DATA}/none"),
        file=(_walked, FILE),
        onerror=(lambda: [e for e in _errors(f"{DATA}/none")],),
        fwalk=(lambda: sorted([top, sorted(d), sorted(f)] for top, d, f, _ in os.fwalk(f"{DATA}/nested")),),
        fwalk_reads=(_read_by_fwalk,),
        fwalk_at=(_fwalk_at,),
    )


def _errors(place):
    seen = []
    list(os.walk(place, onerror=seen.append))
    return seen


def _read_by_fwalk():
    found = {}
    for top, _, files, directory in os.fwalk(f"{DATA}/nested"):
        for name in files:
            with open(name, "rb", opener=lambda path, flags, d=directory: os.open(path, flags, dir_fd=d)) as stream:
                found[f"{top}/{name}"] = stream.read()
    return found


def _fwalk_at():
    directory = os.open(DATA, os.O_RDONLY)
    try:
        return sorted(top for top, *_ in os.fwalk("nested", dir_fd=directory))
    finally:
        os.close(directory)


@check
def by_descriptor():
    directory = os.open(f"{DATA}/plain", os.O_RDONLY)
    try:
        found = each(
            listdir=(lambda: sorted(os.listdir(directory)),),
            again=(lambda: sorted(os.listdir(directory)),),
            scandir=(lambda: sorted((e.name, e.is_file(), e.path) for e in os.scandir(directory)),),
            stat_of_entries=(lambda: sorted(e.stat().st_size for e in os.scandir(directory)),),
            open_still=(lambda: stat.S_ISDIR(os.fstat(directory).st_mode),),
        )
    finally:
        os.close(directory)
    return found | {"closed": outcome(os.listdir, directory)}


@check
def globbing():
    def found(pattern, **options):
        return sorted(glob.glob(pattern, **options))

    return each(
        star=(found, f"{DATA}/plain/*"),
        hidden=(lambda: found(f"{DATA}/odd/.*"),),
        question=(found, f"{DATA}/plain/?.txt"),
        set=(found, f"{DATA}/plain/[ab].*"),
        recursive=(lambda: found(f"{DATA}/nested/**", recursive=True),),
        directories=(lambda: found(f"{DATA}/walked/**/", recursive=True),),
        root_dir=(lambda: found("*.txt", root_dir=f"{DATA}/plain"),),
        escaped=(lambda: found(f"{DATA}/odd/{glob.escape('star*[x]?.txt')}"),),
        literal=(found, FILE),
        missing=(found, f"{DATA}/none/*"),
        dangling=(found, f"{DATA}/links/dangl*"),
        literal_dangling=(found, f"{DATA}/links/dangling"),
    )


@check
def working_directory():
    before = os.getcwd()
    found = {}
    try:
        os.chdir(f"{DATA}/plain")
        found["here"] = [os.getcwd(), os.path.abspath("x"), os.path.realpath("."), os.path.relpath(FILE)]  # noqa: PTH100
        found["bytes"] = os.getcwdb()
        found["relative"] = each(
            open=(lambda: _content("a.txt"),),
            up=(lambda: _content("../nested/one/c.txt"),),
            far_up=(lambda: os.stat("../" * 60 + "dev/null").st_rdev,),
            listdir=(lambda: sorted(os.listdir()),),
            empty=(os.stat, ""),
            missing=(os.stat, "none"),
            write=(open, "new", "w"),
            mkdir=(os.mkdir, "new"),  # noqa: PTH102
            glob=(lambda: sorted(glob.glob("*.txt")),),
            walk=(lambda: sorted(top for top, *_ in os.walk("..", topdown=True))[:3],),
        )
        os.chdir("../links/directory")
        found["through a link"] = os.getcwd()
        os.chdir("..")
        found["up"] = os.getcwd()
        directory = os.open(f"{DATA}/nested", os.O_RDONLY)
        os.fchdir(directory)
        os.close(directory)
        found["fchdir"] = [os.getcwd(), sorted(os.listdir("."))]
        found["refused"] = each(
            file=(os.chdir, FILE),
            missing=(os.chdir, f"{DATA}/none"),
            dangling=(os.chdir, f"{DATA}/links/dangling"),
            loop=(os.chdir, f"{DATA}/links/loop"),
            still=(os.getcwd,),
        )
        os.chdir(PROJECT)
        os.chdir("../" * 60)
        found["top"] = os.getcwd()
    finally:
        os.chdir(before)
    found["back"] = os.getcwd() == before
    return found


def _content(path):
    with open(path, "rb") as stream:
        return stream.read()
