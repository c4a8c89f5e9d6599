"""Every call that would change the tree is refused as a file system mounted read-only refuses it."""

import errno
import os
import socket

from checking import DATA, FILE, PACKAGED, PROJECT, check, each, outcome, scratch

PLAIN = f"{DATA}/plain"
NEW = f"{PLAIN}/new"
LINK = f"{DATA}/links/relative"
DANGLING = f"{DATA}/links/dangling"
MISSING = f"{DATA}/none/new"
BELOW = f"{FILE}/new"
DESCRIPTOR_FLAGS = os.O_RDONLY | os.O_DIRECTORY


def _real(name):
    path = scratch(name)
    with open(path, "w") as stream:
        stream.write("real")
    return path


def _places(function, *after):
    """Apply a call with one path to every kind of file."""
    places = {
        "file": FILE,
        "directory": PLAIN,
        "empty directory": f"{DATA}/empty",
        "new": NEW,
        "new with slash": f"{NEW}/",
        "link": LINK,
        "dangling": DANGLING,
        "loop": f"{DATA}/links/loop",
        "below missing": MISSING,
        "below a file": BELOW,
        "dot": f"{PLAIN}/.",
        "dot dot": f"{PLAIN}/..",
        "file with slash": f"{FILE}/",
        "too long": f"{PLAIN}/{'x' * 256}",
        "project": PROJECT,
    }
    return {name: outcome(function, path, *after) for name, path in places.items()}


@check
def mkdir():
    return _places(os.mkdir)


@check
def makedirs():
    return each(
        new=(os.makedirs, f"{NEW}/a/b"),
        existing=(os.makedirs, PLAIN),
        exist_ok=(lambda: os.makedirs(PLAIN, exist_ok=True),),
    )


@check
def rmdir():
    return _places(os.rmdir)


@check
def unlink():
    return _places(os.unlink)


@check
def remove():
    return _places(os.remove)


@check
def removedirs():
    return outcome(os.removedirs, f"{DATA}/empty")


@check
def truncate():
    return _places(os.truncate, 0)


@check
def chmod():
    found = _places(os.chmod, 0o600)
    return found | each(
        link_itself=(lambda: os.chmod(LINK, 0o600, follow_symlinks=False),),
        lchmod=(getattr(os, "lchmod", None) or (lambda *_: "none"), LINK, 0o600),
    )


@check
def chown():
    return _places(os.chown, 0, 0) | {"lchown": _places(os.lchown, 0, 0)}


@check
def utime():
    found = _places(os.utime)
    return found | each(
        times=(os.utime, FILE, (1, 1)),
        ns=(lambda: os.utime(FILE, ns=(1, 1)),),
        link_itself=(lambda: os.utime(LINK, follow_symlinks=False),),
    )


@check
def mkfifo():
    return _places(os.mkfifo)


@check
def mknod():
    return _places(os.mknod)


@check
def symlink():
    return _places(lambda path: os.symlink("target", path))


@check
def link():
    def inside(path):
        os.link(FILE, path)

    def from_outside(path):
        os.link(_real("hard"), path)

    return {
        "inside": _places(inside),
        "from outside": _places(from_outside),
        "to outside": outcome(os.link, FILE, scratch("linked")),
        "missing to outside": outcome(os.link, NEW, scratch("linked")),
        "missing inside": outcome(os.link, NEW, f"{PLAIN}/newer"),
        "link to outside": outcome(os.link, LINK, scratch("linked"), follow_symlinks=False),
        "onto existing outside": outcome(os.link, FILE, _real("there")),
        "into missing outside": outcome(os.link, FILE, scratch("none/none")),
    }


@check
def rename():
    def to_new(path):
        os.rename(path, NEW)

    def from_file(path):
        os.rename(FILE, path)

    def from_outside(path):
        os.rename(_real("moved"), path)

    return {
        "from": _places(to_new),
        "to": _places(from_file),
        "from outside": _places(from_outside),
        "to outside": outcome(os.rename, FILE, scratch("renamed")),
        "missing to outside": outcome(os.rename, NEW, scratch("renamed")),
        "below missing to outside": outcome(os.rename, MISSING, scratch("renamed")),
        "to outside, existing": outcome(os.rename, FILE, _real("there")),
        "to missing outside": outcome(os.rename, FILE, scratch("none/none")),
        "missing outside to inside": outcome(os.rename, scratch("nothing"), NEW),
        "directory to outside": outcome(os.rename, PLAIN, scratch("directory")),
        "itself": outcome(os.rename, FILE, FILE),
        "replace": outcome(os.replace, FILE, NEW),
        "replace to outside": outcome(os.replace, FILE, scratch("renamed")),
        "renames": outcome(os.renames, FILE, scratch("renamed")),
        "scratch is as before": sorted(name for name in os.listdir(scratch()) if name == "renamed"),
    }


@check
def extended_attributes():
    return {
        "set": _places(os.setxattr, "user.a", b"b"),
        "remove": _places(os.removexattr, "user.a"),
        "link itself": outcome(os.setxattr, LINK, "user.a", b"b", follow_symlinks=False),
    }


@check
def by_directory():
    directory = os.open(PLAIN, DESCRIPTOR_FLAGS)
    try:
        return each(
            mkdir=(lambda: os.mkdir("new", dir_fd=directory),),
            rmdir=(lambda: os.rmdir("../empty", dir_fd=directory),),
            unlink=(lambda: os.unlink("a.txt", dir_fd=directory),),
            rename=(lambda: os.rename("a.txt", "new", src_dir_fd=directory, dst_dir_fd=directory),),
            rename_out=(lambda: os.rename("a.txt", scratch("renamed"), src_dir_fd=directory),),
            link=(lambda: os.link("a.txt", "new", src_dir_fd=directory, dst_dir_fd=directory),),
            symlink=(lambda: os.symlink("a.txt", "new", dir_fd=directory),),
            chmod=(lambda: os.chmod("a.txt", 0o600, dir_fd=directory),),
            chown=(lambda: os.chown("a.txt", 0, 0, dir_fd=directory),),
            utime=(lambda: os.utime("a.txt", dir_fd=directory),),
            mkfifo=(lambda: os.mkfifo("new", dir_fd=directory),),
            mknod=(lambda: os.mknod("new", dir_fd=directory),),
            open=(lambda: os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=directory),),
        )
    finally:
        os.close(directory)


@check
def sockets():
    with socket.socket(socket.AF_UNIX) as one:
        return each(bind=(one.bind, "data/plain/socket"), connect=(one.connect, "/snapshot-none/socket"))


@check
def nothing_changed():
    return [sorted(os.listdir(PLAIN)), os.path.getsize(FILE), os.stat(FILE).st_mtime]


@check
def the_message_names_the_way_out():
    """Only in the packaged program: on a file system mounted read-only the message is the system's."""
    told = []
    for function, arguments in ((open, (NEW, "w")), (os.mkdir, (NEW,)), (os.unlink, (FILE,))):
        error = outcome(function, *arguments)
        told.append([error.errno == errno.EROFS, not PACKAGED or "outside of /snapshot" in str(error)])
    return told
