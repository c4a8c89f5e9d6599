"""Descriptors of packaged files: their properties, and that they are the same file as the name."""

import fcntl
import io
import os
import re
import select
import socket
import stat
import subprocess
import sys

from checking import DATA, FILE, check, each, outcome, scratch

FIELDS = ("st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_mtime_ns", "st_blocks")


def _opened(path=FILE, flags=os.O_RDONLY):
    return _Descriptor(os.open(path, flags))


class _Descriptor:
    def __init__(self, fd):
        self.fd = fd

    def __enter__(self):
        return self.fd

    def __exit__(self, *_):
        os.close(self.fd)


@check
def fstat_is_stat():
    found = {}
    for name, path in {
        "file": FILE,
        "empty": f"{DATA}/plain/empty",
        "program": f"{DATA}/plain/run.sh",
        "directory": f"{DATA}/plain",
        "link": f"{DATA}/links/relative",
    }.items():
        with _opened(path) as fd:
            by_fd, by_name = os.fstat(fd), os.stat(path)
            found[name] = {field: getattr(by_fd, field) == getattr(by_name, field) for field in FIELDS}
            found[name]["samestat"] = os.path.samestat(by_fd, by_name)
            found[name]["sameopenfile"] = os.path.sameopenfile(fd, fd)
            found[name]["stat of the descriptor"] = os.stat(fd).st_ino == by_name.st_ino
            found[name]["kind"] = stat.filemode(by_fd.st_mode)
    return found


@check
def opened_again_and_again():
    def contents():
        with open(FILE, "rb") as stream:
            return stream.read()

    found = {"reads": [contents() for _ in range(4)]}
    # A program may close every descriptor, and put others at their numbers.
    os.closerange(200, 300)
    found["after closing all"] = contents()
    other = os.open(f"{DATA}/plain/run.sh", os.O_RDONLY)
    for number in range(200, 300):
        os.dup2(other, number)
    found["after their numbers are another's"] = [contents() for _ in range(3)]
    found["the other's"] = [os.pread(number, 10, 0) == os.pread(other, 10, 0) for number in (200, 240, 255, 299)]
    os.closerange(200, 300)
    os.close(other)
    child = os.fork()
    if child == 0:
        os._exit(0 if contents() == found["reads"][0] else 1)
    found["in a child"] = os.waitpid(child, 0)[1]
    return found


@check
def two_openings():
    with _opened() as one, _opened() as two:
        os.read(one, 5)
        return {
            "same file": os.path.sameopenfile(one, two),
            "own positions": [os.lseek(one, 0, os.SEEK_CUR), os.lseek(two, 0, os.SEEK_CUR)],
        }


@check
def duplicates():
    with _opened() as fd:
        copy = os.dup(fd)
        with _Descriptor(copy):
            found = {
                "stat": os.path.samestat(os.fstat(copy), os.stat(FILE)),
                "shared position": [os.read(fd, 5), os.read(copy, 4)],
                "inheritable": [os.get_inheritable(fd), os.get_inheritable(copy)],
            }
        with _Descriptor(os.dup2(fd, 200)) as other:
            found["dup2"] = [os.path.samestat(os.fstat(other), os.stat(FILE)), other]
        with _Descriptor(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 300)) as other:
            found["F_DUPFD_CLOEXEC"] = [os.path.samestat(os.fstat(other), os.stat(FILE)), other]
    directory = os.open(f"{DATA}/plain", os.O_RDONLY)
    with _Descriptor(directory), _Descriptor(os.dup(directory)) as copy:
        found["directory"] = sorted(os.listdir(copy))
    return found


@check
def numbers_are_used_again():
    with _opened() as first:
        pass
    with _Descriptor(os.open("/dev/null", os.O_RDONLY)) as fd:
        real = [fd == first, stat.S_ISCHR(os.fstat(fd).st_mode)]
    with _opened(f"{DATA}/plain/b.bin") as fd:
        other = [fd == first, os.fstat(fd).st_size]
    return [real, other, outcome(os.fstat, first)]


@check
def reading_and_seeking():
    with _opened() as fd:
        return each(
            pread=(os.pread, fd, 5, 3),
            pread_far=(os.pread, fd, 5, 10**6),
            pread_negative=(os.pread, fd, 5, -1),
            preadv=(lambda: [os.preadv(fd, [bytearray(2), bytearray(2)], 1)],),
            readv=(lambda: os.readv(fd, [bytearray(3)]),),
            lseek=(os.lseek, fd, -3, os.SEEK_END),
            rest=(os.read, fd, 100),
            end=(os.read, fd, 100),
            hole=(os.lseek, fd, 0, os.SEEK_HOLE),
            write=(os.write, fd, b"x"),
            pwrite=(os.pwrite, fd, b"x", 0),
            ftruncate=(os.ftruncate, fd, 0),
            posix_fallocate=(os.posix_fallocate, fd, 0, 100),
            fadvise=(os.posix_fadvise, fd, 0, 0, os.POSIX_FADV_SEQUENTIAL),
            fsync=(os.fsync, fd),
            isatty=(os.isatty, fd),
            blocking=(os.get_blocking, fd),
            flags=(lambda: fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE,),
            flock=(fcntl.flock, fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
            lockf=(fcntl.lockf, fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
            poll=(_polled, fd),
        )


def _polled(fd):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return [event & select.POLLIN for _, event in poll.poll(0)]


@check
def changing_by_descriptor():
    with _opened() as fd:
        return each(
            fchmod=(os.fchmod, fd, 0o600),
            chmod=(os.chmod, fd, 0o600),  # noqa: PTH101
            fchown=(os.fchown, fd, 0, 0),
            chown=(os.chown, fd, 0, 0),
            utime=(os.utime, fd, (1, 1)),
            utime_now=(os.utime, fd),
            setxattr=(os.setxattr, fd, "user.a", b"b"),
            removexattr=(os.removexattr, fd, "user.a"),
            truncate=(os.truncate, fd, 0),
            same_after=(lambda: os.fstat(fd).st_mtime == os.stat(FILE).st_mtime,),
            listxattr=(os.listxattr, fd),
            getxattr=(os.getxattr, fd, "user.a"),
            statvfs=(lambda: bool(os.fstatvfs(fd).f_flag & os.ST_RDONLY),),
            pathconf=(os.fpathconf, fd, "PC_NAME_MAX"),
        )


@check
def directories():
    with _opened(f"{DATA}/plain") as fd:
        return each(
            kind=(lambda: stat.S_ISDIR(os.fstat(fd).st_mode),),
            read=(os.read, fd, 10),
            write=(os.write, fd, b"x"),
            listdir=(lambda: len(os.listdir(fd)),),
            fsync=(os.fsync, fd),
            fdopen=(os.fdopen, fd, "rb"),
            io=(io.FileIO, fd),
            chmod=(os.chmod, fd, 0o755),  # noqa: PTH101
        )


@check
def path_descriptors():
    with _opened(FILE, os.O_PATH) as fd:
        found = each(
            fstat=(lambda: os.path.samestat(os.fstat(fd), os.stat(FILE)),),
            read=(os.read, fd, 4),
            fchmod=(os.fchmod, fd, 0o600),
            flags=(lambda: bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_PATH),),
        )
    with _opened(f"{DATA}/plain", os.O_PATH | os.O_DIRECTORY) as fd:
        found["directory"] = each(
            fstat=(lambda: stat.S_ISDIR(os.fstat(fd).st_mode),),
            open=(lambda: _read_at("a.txt", fd),),
            stat=(lambda: os.stat("a.txt", dir_fd=fd).st_size,),
        )
    with _opened(f"{DATA}/links/relative", os.O_PATH | os.O_NOFOLLOW) as fd:
        found["link"] = each(
            fstat=(lambda: stat.S_ISLNK(os.fstat(fd).st_mode),),
            readlink=(lambda: os.readlink("", dir_fd=fd),),
            read=(os.read, fd, 4),
        )
    return found


def _read_at(path, directory):
    with _Descriptor(os.open(path, os.O_RDONLY, dir_fd=directory)) as fd:
        return os.read(fd, 100)


@check
def handed_on():
    found = {}
    with _opened() as fd:
        with open(scratch("sent"), "wb") as target:
            found["sendfile"] = [os.sendfile(target.fileno(), fd, 0, 1000), os.lseek(fd, 0, os.SEEK_CUR)]
        with open(scratch("sent"), "rb") as stream:
            found["sent"] = stream.read()
        one, two = socket.socketpair()
        with one, two:
            found["sendfile to a socket"] = [os.sendfile(one.fileno(), fd, 3, 5), two.recv(100)]
            with open(FILE, "rb") as stream:
                found["socket.sendfile"] = [one.sendfile(stream), two.recv(100)]
            socket.send_fds(one, [b"x"], [fd])
            _, received, *_ = socket.recv_fds(two, 1, 1)
            with _Descriptor(received[0]) as other:
                os.lseek(other, 0, os.SEEK_SET)
                found["sent to another"] = [os.path.samestat(os.fstat(other), os.stat(FILE)), os.read(other, 4)]
        with open(scratch("copied"), "wb") as target:
            found["copy_file_range"] = outcome(os.copy_file_range, fd, target.fileno(), 5, 0)
        with open(scratch("spliced"), "wb"):
            reader, writer = os.pipe()
            with _Descriptor(reader), _Descriptor(writer):
                found["splice"] = outcome(os.splice, fd, writer, 5, 0)
    with open(FILE, "rb") as stream:
        echo = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
        command = ["/bin/cat"] if os.access("/bin/cat", os.X_OK) else [sys.executable, "-c", echo]
        done = subprocess.run(command, stdin=stream, capture_output=True, check=False)
        found["standard input"] = done.stdout
    return found


@check
def inheritance():
    with _opened() as fd:
        os.set_inheritable(fd, True)
        after = os.get_inheritable(fd)
        child = os.fork()
        if child == 0:
            good = os.path.samestat(os.fstat(fd), os.stat(FILE)) and os.pread(fd, 4, 0) == b"text"
            os._exit(0 if good else 1)
        return [after, os.waitpid(child, 0)[1]]


@check
def duplicate_that_outlives():
    found = {}
    for name, path in {"file": FILE, "directory": f"{DATA}/plain"}.items():
        first = os.open(path, os.O_RDONLY)
        copy = os.dup(first)
        os.close(first)
        # One of these has the number of the first.
        others = [os.open(f"{DATA}/plain/run.sh", os.O_RDONLY) for _ in range(3)]
        found[name] = [os.path.samestat(os.fstat(copy), os.stat(path)), os.path.samestat(*map(os.fstat, others[:2]))]
        for fd in (copy, *others):
            os.close(fd)
    return found


@check
def shown_by_the_system():
    with _opened() as fd:
        return each(
            link=(lambda: re.sub(r"(?<=^/memfd:pypkg-)\d+", "N", os.readlink(f"/proc/self/fd/{fd}")),),
            content=(lambda: _content(f"/proc/self/fd/{fd}"),),
            dev_fd=(lambda: _content(f"/dev/fd/{fd}"),),
        )


def _content(path):
    with open(path, "rb") as stream:
        return stream.read(10)


@check
def executed_by_descriptor():
    return [_exit_status_of(f"{DATA}/plain/run.sh"), _exit_status_of(FILE)]


def _exit_status_of(program):
    with _opened(program) as fd:
        os.set_inheritable(fd, True)
        child = os.fork()
        if child == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                os.execve(fd, ["program"], os.environ)
            except PermissionError:
                os._exit(126)
            finally:
                os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@check
def many():
    opened = [os.open(FILE, os.O_RDONLY) for _ in range(300)]
    try:
        return [len({os.fstat(fd).st_ino for fd in opened}), {os.pread(fd, 4, 0) for fd in opened}]
    finally:
        for fd in opened:
            os.close(fd)
