"""Symbolic links: relative, absolute, to directories, in chains, dangling and in loops."""

import os
import shutil
import stat

from checking import DATA, PROJECT, check, each, outcome, scratch

LINKS = f"{DATA}/links"
NAMES = (
    "relative",
    "absolute",
    "directory",
    "absolute_directory",
    "up",
    "through",
    "dangling",
    "loop",
    "ping",
    "pong",
    "to_empty",
    "to_link",
    "with_dots",
    "with_slash",
    "file_with_slash",
    "below_a_file",
    "self_directory",
    "to_library",
    "to_program",
)


def _read(path):
    with open(path, "rb") as stream:
        return stream.read()


@check
def readlink():
    found = {name: outcome(os.readlink, f"{LINKS}/{name}") for name in NAMES}
    return found | each(
        file=(os.readlink, f"{DATA}/plain/a.txt"),
        directory=(os.readlink, LINKS),
        missing=(os.readlink, f"{LINKS}/none"),
        slash=(os.readlink, f"{LINKS}/directory/"),
        bytes=(os.readlink, os.fsencode(f"{LINKS}/relative")),
    )


@check
def following():
    return {name: outcome(lambda name=name: stat.filemode(os.stat(f"{LINKS}/{name}").st_mode)) for name in NAMES}


@check
def not_following():
    def own(name):
        status = os.lstat(f"{LINKS}/{name}")
        # The length of an absolute link's target depends on the location.
        return [stat.filemode(status.st_mode), status.st_size == len(os.readlink(f"{LINKS}/{name}")), status.st_mtime]

    return {name: outcome(own, name) for name in NAMES}


@check
def opening():
    return {name: outcome(_read, f"{LINKS}/{name}") for name in NAMES}


@check
def listing():
    return {name: outcome(lambda name=name: sorted(os.listdir(f"{LINKS}/{name}"))) for name in NAMES}


@check
def realpath():
    return {name: outcome(os.path.realpath, f"{LINKS}/{name}") for name in NAMES}


@check
def through_links():
    return each(
        file=(_read, f"{LINKS}/directory/a.txt"),
        twice=(_read, f"{LINKS}/up/links/directory/a.txt"),
        up=(_read, f"{LINKS}/directory/../plain/a.txt"),
        many=(_read, f"{LINKS}/{'self_directory/' * 30}relative"),
        too_many=(_read, f"{LINKS}/{'self_directory/' * 45}relative"),
        below_a_file_link=(_read, f"{LINKS}/relative/x"),
        below_dangling=(_read, f"{LINKS}/dangling/x"),
        below_loop=(_read, f"{LINKS}/loop/x"),
        library=(lambda: os.path.isfile(f"{LINKS}/to_library/__init__.py"),),
    )


@check
def chains():
    chain = f"{LINKS}/chain"
    return {f"{hops} hops": outcome(_read, f"{chain}/{hops}") for hops in (1, 2, 10, 39, 40, 41, 42)}


@check
def copying():
    shutil.copytree(LINKS, scratch("kept"), symlinks=True)
    kept = {name: outcome(os.readlink, scratch(f"kept/{name}")) for name in NAMES}
    copied = outcome(shutil.copy, f"{LINKS}/relative", scratch("one"), follow_symlinks=False)
    return {
        "kept": kept,
        "link itself": [copied, os.readlink(scratch("one"))],
        "dangling": outcome(shutil.copytree, f"{DATA}/dangling", scratch("followed")),
        "dangling ignored": sorted(
            os.listdir(shutil.copytree(f"{DATA}/dangling", scratch("ignored"), ignore_dangling_symlinks=True))
        ),
    }


@check
def real_links_into_the_tree():
    link = scratch("in")
    os.symlink(f"{DATA}/plain", link)
    os.symlink(f"{DATA}/plain/a.txt", scratch("file"))
    return each(
        read=(_read, f"{link}/a.txt"),
        file=(_read, scratch("file")),
        stat=(lambda: os.path.samefile(f"{link}/a.txt", f"{DATA}/plain/a.txt"),),
        listdir=(lambda: sorted(os.listdir(link)),),
        realpath=(os.path.realpath, f"{link}/a.txt"),
        readlink=(os.readlink, link),
        isdir=(os.path.isdir, link),
        write=(lambda: open(f"{link}/new", "w"),),
        unlink=(os.unlink, f"{link}/a.txt"),
        relative=(lambda: _read(os.path.relpath(f"{DATA}/plain/a.txt", os.getcwd())),),
        up=(lambda: os.path.samefile(f"{link}/..", DATA),),
        project=(lambda: os.path.isdir(f"{PROJECT}/../{os.path.basename(PROJECT)}"),),
    )
