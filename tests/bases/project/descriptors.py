"""The descriptors of packaged files."""
# The functions of os are under test.

import os
import stat
import tempfile

from checks import check, finish

FILE = os.path.dirname(__file__) + "/data/a.txt"


def sharing():
    """One memory file for all readers, each with an offset of its own."""
    streams = [open(FILE, "rb") for _ in range(3)]
    check("offsets", [stream.read(4) for stream in streams], [b"text"] * 3)
    inodes = {os.stat(f"/proc/self/fd/{stream.fileno()}").st_ino for stream in streams}
    check("memory files", len(inodes), 1)
    for stream in streams:
        stream.close()


def marks():
    """Neither a name nor a time makes a file a packaged one."""
    fd = os.open(FILE, os.O_RDONLY)
    name = os.readlink(f"/proc/self/fd/{fd}").split(":")[1].split()[0]
    with tempfile.TemporaryFile() as stream:
        os.utime(stream.fileno(), ns=(1_688215143, 1_688215143))
        check("a forged time", stat.S_ISREG(os.fstat(stream.fileno()).st_mode), True)
    # glibc 2.17 does not have the call.
    if hasattr(os, "memfd_create"):
        forged = os.memfd_create(name)
        os.write(forged, b"FORGED ...")
        check("a forged name", os.fstat(forged).st_dev == os.fstat(fd).st_dev, False)
        os.close(forged)
    copy = os.dup(fd)
    os.close(fd)
    check("a duplicate", os.path.samestat(os.fstat(copy), os.stat(FILE)), True)
    os.close(copy)


sharing()
marks()
finish()
