"""Every call on files that Python makes, on the snapshot."""
# The functions of os are under test.

import mmap
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

from checks import check, finish, outcome

ROOT = os.path.dirname(__file__)
DATA = ROOT + "/data"
FILE = DATA + "/a.txt"
HIDDEN = ROOT + "/library/hidden.py"


def reading():
    """Reading works as on an ordinary read-only file system."""
    with open(FILE) as stream:
        check("read", stream.read(), "text data\n")
    check("listdir", sorted(os.listdir(DATA)), ["a.txt", "link", "sub"])
    with os.scandir("/") as entries:
        check("scandir /", [(e.is_dir(), e.is_symlink()) for e in entries if e.name == "snapshot"], [(True, False)])
    tree = [(ROOT + "/data", ["sub"], ["a.txt", "link"]), (ROOT + "/data/sub", [], ["b.txt"])]
    check("walk", [(top, sorted(d), sorted(f)) for top, d, f in os.walk(DATA)], tree)
    check("fwalk", [(top, sorted(d), sorted(f)) for top, d, f, _ in os.fwalk(DATA)], tree)
    check("mode", stat.filemode(os.stat(FILE).st_mode), "-r--r--r--")
    check("size", os.stat(FILE).st_size, 10)
    check("withheld", (os.stat(HIDDEN).st_size, stat.S_IMODE(os.stat(HIDDEN).st_mode)), (0, 0))
    check("access", [os.access(FILE, mode) for mode in (os.F_OK, os.R_OK, os.W_OK)], [True, True, False])
    check("access withheld", [os.access(HIDDEN, mode) for mode in (os.F_OK, os.R_OK)], [True, False])
    check("link", (os.readlink(DATA + "/link"), os.path.islink(DATA + "/link")), ("sub/b.txt", True))
    check("through a link", pathlib.Path(DATA, "link").read_text(), "two\n")
    check("realpath", os.path.realpath(DATA + "/../data/link"), DATA + "/sub/b.txt")
    check("dots", pathlib.Path(f"//snapshot//./{ROOT[10:]}/data/../data/a.txt").read_text(), "text data\n")
    check("rglob", sorted(p.name for p in pathlib.Path(ROOT).rglob("*.txt")), ["a.txt", "b.txt"])
    check("statvfs", os.statvfs(ROOT).f_flag & os.ST_RDONLY, os.ST_RDONLY)
    check("out", os.path.exists("/snapshot/../snapshot/.."), True)


def descriptors():
    """A virtual file is a real descriptor."""
    fd = os.open(FILE, os.O_RDONLY)
    check("fstat", os.fstat(fd)[:4], os.stat(FILE)[:4])
    copy = os.dup(fd)
    check("fstat of a duplicate", os.path.samestat(os.fstat(copy), os.stat(FILE)), True)
    check("pread", os.pread(fd, 4, 5), b"data")
    check("inheritable", os.get_inheritable(fd), False)
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as mapped:
        check("mmap", mapped[:4], b"text")
    if os.path.exists("/proc/self/fd"):
        check("write", outcome(os.write, fd, b"x"), "EBADF")
    os.close(copy)
    os.close(fd)
    check("closed", outcome(os.fstat, fd), "EBADF")
    directory = os.open(DATA, os.O_RDONLY | os.O_DIRECTORY)
    inner = os.open("a.txt", os.O_RDONLY, dir_fd=directory)
    check("open at", os.read(inner, 4), b"text")
    check("stat at", os.stat("sub/b.txt", dir_fd=directory).st_size, 4)
    check("stat at ..", os.stat("..", dir_fd=directory).st_ino, os.stat(ROOT).st_ino)
    check("listdir of a descriptor", sorted(os.listdir(directory)), ["a.txt", "link", "sub"])
    check("fstat of a directory", stat.S_ISDIR(os.fstat(directory).st_mode), True)
    os.close(inner)
    os.close(directory)


def working_directory():
    """The working directory may be in the snapshot."""
    before = os.getcwd()
    os.chdir(DATA)
    check("getcwd", os.getcwd(), DATA)
    check("relative", pathlib.Path("sub/b.txt").read_text(), "two\n")
    check("relative and real", os.path.exists("../" * 10 + "dev"), os.path.exists("/dev"))
    os.chdir("..")
    check("chdir ..", os.getcwd(), ROOT)
    os.chdir("../" * 10)
    check("chdir to /", os.getcwd(), "/")
    os.chdir(before)
    check("back", os.getcwd(), before)


def refusals():
    """Nothing can be written, and every failure has the errno of a file system mounted read-only."""
    for name, function, arguments, wanted in (
        ("create", open, (ROOT + "/new", "w"), "EROFS"),
        ("write", open, (FILE, "w"), "EROFS"),
        ("append", open, (FILE, "a"), "EROFS"),
        ("update", open, (FILE, "r+"), "EROFS"),
        ("exclusive", open, (FILE, "x"), "EEXIST"),
        ("missing", open, (ROOT + "/none",), "ENOENT"),
        ("below a file", open, (FILE + "/x",), "ENOTDIR"),
        ("a directory", open, (DATA,), "EISDIR"),
        ("withheld", open, (HIDDEN,), "EACCES"),
        ("too long", open, (ROOT + "/" + "x" * 5000,), "ENAMETOOLONG"),
        ("mkdir", os.mkdir, (ROOT + "/new",), "EROFS"),
        ("mkdir of what is there", os.mkdir, (DATA,), "EEXIST"),
        ("rmdir", os.rmdir, (DATA,), "EROFS"),
        ("unlink", os.unlink, (FILE,), "EROFS"),
        ("rename", os.rename, (FILE, ROOT + "/new"), "EROFS"),
        ("chmod", os.chmod, (FILE, 0o644), "EROFS"),
        ("chown", os.chown, (FILE, 0, 0), "EROFS"),
        ("utime", os.utime, (FILE,), "EROFS"),
        ("truncate", os.truncate, (FILE, 0), "EROFS"),
        ("link", os.link, (FILE, ROOT + "/new"), "EROFS"),
        ("symlink", os.symlink, ("x", ROOT + "/new"), "EROFS"),
        ("mkfifo", os.mkfifo, (ROOT + "/new",), "EROFS"),
        ("readlink", os.readlink, (DATA,), "EINVAL"),
        ("listdir", os.listdir, (FILE,), "ENOTDIR"),
        ("chdir", os.chdir, (FILE,), "ENOTDIR"),
    ):
        check(name, outcome(function, *arguments), wanted)


def copying():
    """Everything that copies can copy out of the snapshot."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(DATA, folder + "/tree")
        check("copytree", pathlib.Path(folder, "tree/sub/b.txt").read_text(), "two\n")
        shutil.copy2(FILE, folder + "/copy")
        check("copy2", pathlib.Path(folder, "copy").read_text(), "text data\n")
    with open(FILE) as stream:
        code = "import sys; sys.stdout.write(sys.stdin.read())"
        command = ["/bin/cat"] if os.path.exists("/bin/cat") else [sys.executable, "-c", code]
        done = subprocess.run(command, stdin=stream, capture_output=True, check=False)
    check("standard input of a process", done.stdout, b"text data\n")


reading()
descriptors()
working_directory()
refusals()
copying()
finish()
