"""Packaged files mapped into memory."""

import mmap
import os

from checking import DATA, FILE, check, each, outcome

BINARY = f"{DATA}/plain/b.bin"


def _mapped(path, size=0, **options):
    fd = os.open(path, os.O_RDONLY)
    try:
        return mmap.mmap(fd, size, **options)
    finally:
        os.close(fd)


@check
def reading():
    with _mapped(BINARY, access=mmap.ACCESS_READ) as view:
        return {
            "size": [len(view), view.size()],
            "slices": [view[:8], view[-8:], view[0]],
            "find": [view.find(b"\x10\x11"), view.rfind(b"\x10\x11"), view.find(b"none")],
            "whole": view[:],
            "file": [view.read(4), view.tell(), view.seek(0), view.readline()[:4]],
            "write": outcome(view.__setitem__, 0, 1),
            "write_byte": outcome(view.write_byte, 1),
            "resize": outcome(view.resize, 10),
            "flush": outcome(view.flush),
            "memoryview": memoryview(view)[:4].tobytes(),
            "madvise": outcome(view.madvise, mmap.MADV_SEQUENTIAL),
        }


@check
def kinds():
    page = mmap.ALLOCATIONGRANULARITY
    return each(
        private=(lambda: _mapped(BINARY, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)[:4],),
        shared=(lambda: _mapped(BINARY, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED)[:4],),
        copy=(_copied,),
        writable=(lambda: _mapped(BINARY, access=mmap.ACCESS_WRITE),),
        shared_writable=(lambda: _mapped(BINARY, prot=mmap.PROT_WRITE, flags=mmap.MAP_SHARED),),
        offset=(lambda: _mapped(BINARY, 10, offset=page, access=mmap.ACCESS_READ)[:],),
        bad_offset=(lambda: _mapped(BINARY, 10, offset=1, access=mmap.ACCESS_READ),),
        too_long=(lambda: _mapped(FILE, 10**6, access=mmap.ACCESS_READ),),
        empty=(lambda: _mapped(f"{DATA}/plain/empty", access=mmap.ACCESS_READ),),
        directory=(lambda: _mapped(f"{DATA}/plain", 10, access=mmap.ACCESS_READ),),
        through_a_link=(lambda: _mapped(f"{DATA}/links/relative", access=mmap.ACCESS_READ)[:],),
    )


def _copied():
    with _mapped(BINARY, access=mmap.ACCESS_COPY) as view:
        view[:4] = b"mine"
        own = view[:4]
    with open(BINARY, "rb") as stream:
        return [own, stream.read(4)]


@check
def two_of_one_file():
    with _mapped(BINARY, access=mmap.ACCESS_READ) as one, _mapped(BINARY, access=mmap.ACCESS_READ) as two:
        return one[:] == two[:]
