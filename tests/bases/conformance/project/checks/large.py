"""A large packaged file: its size depends on the run, its contents on its size."""

import hashlib
import mmap
import os
import shutil

from checking import DATA, check, scratch

LARGE = f"{DATA}/large.bin"


@check
def whole():
    size = os.path.getsize(LARGE)
    with open(LARGE, "rb") as stream:
        digest = hashlib.file_digest(stream, "blake2b").hexdigest()[:16]
        places = [0, 1, 4095, size // 2, size - 9]
        pieces = [os.pread(stream.fileno(), 8, place) for place in places]
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
            mapped = [view[place : place + 8] for place in places]
    shutil.copyfile(LARGE, scratch("copy"))
    copied = os.path.getsize(scratch("copy")) == size
    os.unlink(scratch("copy"))
    return [size, digest, pieces, pieces == mapped, copied]


@check
def several_at_once():
    one, two = os.open(LARGE, os.O_RDONLY), os.open(LARGE, os.O_RDONLY)
    try:
        return [os.path.sameopenfile(one, two), os.pread(one, 8, 1_000_000) == os.pread(two, 8, 1_000_000)]
    finally:
        os.close(one)
        os.close(two)
