"""Opening, reading and asking about files by name."""

import codecs
import fileinput
import io
import os
import stat

from checking import DATA, FILE, PROJECT, check, each, outcome

MODES = ("r", "rb", "rt", "r+", "rb+", "w", "wb", "w+", "a", "a+", "x", "xb", "x+", "rU", "z", "")
KINDS = {
    "file": FILE,
    "empty file": f"{DATA}/plain/empty",
    "program": f"{DATA}/plain/run.sh",
    "directory": f"{DATA}/plain",
    "directory with slash": f"{DATA}/plain/",
    "file with slash": f"{FILE}/",
    "missing": f"{DATA}/plain/none",
    "missing in missing": f"{DATA}/none/none",
    "below a file": f"{FILE}/x",
    "link": f"{DATA}/links/relative",
    "link to a directory": f"{DATA}/links/directory",
    "dangling link": f"{DATA}/links/dangling",
    "loop": f"{DATA}/links/loop",
    "too long a name": f"{DATA}/{'x' * 256}",
    "too long a path": f"{DATA}/{'x/' * 3000}",
    "double slashes": f"{DATA}//plain///a.txt",
    "dots": f"{DATA}/./plain/../plain/a.txt",
    "dots through a file": f"{FILE}/../a.txt",
    "dots through a missing one": f"{DATA}/none/../plain/a.txt",
    "empty directory": f"{DATA}/empty",
    "NUL": f"{FILE}\0",
}


def _status(result):
    fields = (stat.filemode(result.st_mode), result.st_size, result.st_mtime, result.st_mtime_ns)
    return fields if not stat.S_ISDIR(result.st_mode) else (*fields[:1], *fields[2:])


def _opened(path, mode):
    with open(path, mode) as stream:
        return [type(stream).__name__, stream.mode, stream.name, stream.read() if stream.readable() else None]


@check
def open_in_every_mode():
    found = {}
    for mode in MODES:
        for kind in ("file", "directory", "missing", "missing in missing", "below a file", "dangling link", "link"):
            found[f"{mode or 'empty'} {kind}"] = outcome(_opened, KINDS[kind], mode)
    return found


@check
def open_of_every_kind():
    return {kind: outcome(_opened, path, "rb") for kind, path in KINDS.items()}


@check
def open_as_bytes_path():
    return outcome(_opened, os.fsencode(FILE), "rb")


@check
def flags():
    found = {}
    names = {
        "RDONLY": os.O_RDONLY,
        "RDWR": os.O_RDWR,
        "WRONLY": os.O_WRONLY,
        "CREAT": os.O_CREAT,
        "CREAT|EXCL": os.O_CREAT | os.O_EXCL,
        "CREAT|WRONLY": os.O_CREAT | os.O_WRONLY,
        "TRUNC": os.O_TRUNC,
        "APPEND": os.O_APPEND,
        "DIRECTORY": os.O_DIRECTORY,
        "NOFOLLOW": os.O_NOFOLLOW,
        "TMPFILE|RDWR": os.O_TMPFILE | os.O_RDWR,
        "NOATIME": os.O_NOATIME,
        "NONBLOCK": os.O_NONBLOCK,
        "SYNC": os.O_SYNC,
        "CLOEXEC": os.O_CLOEXEC,
        "PATH": os.O_PATH,
        "PATH|NOFOLLOW": os.O_PATH | os.O_NOFOLLOW,
        "PATH|DIRECTORY": os.O_PATH | os.O_DIRECTORY,
        "CREAT|DIRECTORY": os.O_CREAT | os.O_DIRECTORY,
        "DIRECTORY|NOFOLLOW": os.O_DIRECTORY | os.O_NOFOLLOW,
        "TRUNC|RDWR|CREAT": os.O_TRUNC | os.O_RDWR | os.O_CREAT,
    }
    kinds = ("file", "directory", "missing", "link", "link to a directory", "dangling link", "file with slash", "loop")
    for name, value in names.items():
        for kind in kinds:
            found[f"{name} {kind}"] = outcome(_open_and_ask, KINDS[kind], value)
    return found


def _open_and_ask(path, value):
    fd = os.open(path, value)
    try:
        kind = stat.filemode(os.fstat(fd).st_mode)
        # Reading from the descriptor of a directory has a check of its own.
        return [kind, os.get_inheritable(fd), None if kind[0] == "d" else outcome(os.read, fd, 4)]
    finally:
        os.close(fd)


@check
def reading():
    found = {}
    with open(FILE, encoding="utf-8", newline="") as stream:
        found["lines"] = list(stream)
        found["position"] = stream.tell()
        stream.seek(3)
        found["after seek"] = stream.read(5)
        found["properties"] = [stream.readable(), stream.writable(), stream.seekable(), stream.isatty()]
        found["write"] = outcome(stream.write, "x")
        found["truncate"] = outcome(stream.truncate, 0)
    with open(FILE, "rb", buffering=0) as stream:
        buffer = bytearray(6)
        found["readinto"] = [stream.readinto(buffer), buffer]
        found["raw write"] = outcome(stream.write, b"x")
        found["raw"] = [type(stream).__name__, stream.seek(0, io.SEEK_END), stream.read()]
    with open(f"{DATA}/plain/b.bin", "rb") as stream:
        found["peek"] = stream.peek(4)[:4]
        found["end"] = [stream.seek(-4, io.SEEK_END), stream.read()]
        found["before the start"] = outcome(stream.seek, -1)
        found["detach"] = stream.detach().read(0)
    with codecs.open(FILE, encoding="latin-1") as stream:
        found["codecs"] = stream.readline()
    with fileinput.input([FILE, f"{DATA}/plain/empty"]) as stream:
        found["fileinput"] = len(list(stream))
    with io.open_code(FILE) as stream:
        found["open_code"] = stream.read(5)
    with open(FILE, opener=lambda path, flags: os.open(path, flags)) as stream:
        found["opener"] = stream.readline()
    return found


@check
def status_of_every_kind():
    found = {}
    for kind, path in KINDS.items():
        found[f"stat {kind}"] = outcome(lambda path=path: _status(os.stat(path)))
        found[f"lstat {kind}"] = outcome(lambda path=path: _status(os.lstat(path)))
    return found


@check
def status_fields():
    status = os.stat(FILE)
    return {
        "links": status.st_nlink,
        "owner": [status.st_uid, status.st_gid],
        "times": [status.st_mtime == status.st_mtime_ns / 1e9, status.st_mtime <= status.st_ctime],
        "blocks": status.st_blocks * 512 >= status.st_size,
        "block size": status.st_blksize,
        "inode": status.st_ino > 0,
        "one device": status.st_dev == os.stat(DATA).st_dev == os.stat(PROJECT).st_dev,
        "another device": status.st_dev != os.stat("/").st_dev,
        "inodes differ": len({os.stat(f"{DATA}/plain/{name}").st_ino for name in ("a.txt", "b.bin", "empty", ".")}),
        "inode of a link": os.lstat(f"{DATA}/links/relative").st_ino != status.st_ino,
        "no device": status.st_rdev,
    }


@check
def access():
    found = {}
    for kind, path in KINDS.items():
        modes = (os.F_OK, os.R_OK, os.W_OK, os.X_OK, os.R_OK | os.X_OK, os.R_OK | os.W_OK)
        found[kind] = [outcome(os.access, path, mode) for mode in modes]
    for options in ({"follow_symlinks": False}, {"effective_ids": True}):
        name = next(iter(options))
        for kind in ("file", "link", "dangling link", "missing", "program", "directory"):
            found[f"{name} {kind}"] = outcome(lambda kind=kind, o=options: os.access(KINDS[kind], os.R_OK, **o))
    return found


@check
def relative_to_a_directory():
    directory = os.open(f"{DATA}/plain", os.O_RDONLY)
    try:
        return each(
            stat=(lambda: _status(os.stat("a.txt", dir_fd=directory)),),
            up=(lambda: _status(os.stat("../plain/a.txt", dir_fd=directory)),),
            self=(lambda: stat.S_ISDIR(os.stat(".", dir_fd=directory).st_mode),),
            absolute=(lambda: _status(os.stat(FILE, dir_fd=directory)),),
            lstat=(lambda: _status(os.lstat("../links/relative", dir_fd=directory)),),
            not_followed=(lambda: _status(os.stat("../links/relative", dir_fd=directory, follow_symlinks=False)),),
            missing=(lambda: os.stat("none", dir_fd=directory),),
            access=(lambda: os.access("a.txt", os.R_OK, dir_fd=directory),),
            readlink=(lambda: os.readlink("../links/relative", dir_fd=directory),),
            open=(lambda: _read_at("a.txt", directory),),
            open_up=(lambda: _read_at("../links/directory/a.txt", directory),),
            write=(lambda: os.open("a.txt", os.O_WRONLY, dir_fd=directory),),
            create=(lambda: os.open("new", os.O_WRONLY | os.O_CREAT, dir_fd=directory),),
            bad=(lambda: os.stat("a.txt", dir_fd=1_000_000),),
            far_up=(lambda: os.stat("../" * 60 + "dev/null", dir_fd=directory).st_rdev,),
        )
    finally:
        os.close(directory)


def _read_at(path, directory):
    fd = os.open(path, os.O_RDONLY, dir_fd=directory)
    try:
        return os.read(fd, 100)
    finally:
        os.close(fd)


@check
def statvfs():
    found = {}
    for kind in ("file", "directory", "link", "missing", "dangling link", "below a file"):
        found[kind] = outcome(lambda kind=kind: _file_system(os.statvfs(KINDS[kind])))
    with open(FILE) as stream:
        found["descriptor"] = _file_system(os.statvfs(stream.fileno()))
        found["descriptor is the path"] = os.fstatvfs(stream.fileno()).f_flag == os.statvfs(FILE).f_flag
    return found


def _file_system(status):
    return [bool(status.f_flag & os.ST_RDONLY), status.f_namemax, status.f_bsize > 0, status.f_blocks > 0]


@check
def other_questions():
    return each(
        getsize=(os.path.getsize, FILE),
        getmtime=(os.path.getmtime, FILE),
        pathconf=(os.pathconf, FILE, "PC_NAME_MAX"),
        pathconf_missing=(os.pathconf, KINDS["missing"], "PC_NAME_MAX"),
        listxattr=(os.listxattr, FILE),
        listxattr_missing=(os.listxattr, KINDS["missing"]),
        getxattr=(os.getxattr, FILE, "user.none"),
        getxattr_of_a_link=(lambda: os.getxattr(KINDS["link"], "user.none", follow_symlinks=False),),
    )
