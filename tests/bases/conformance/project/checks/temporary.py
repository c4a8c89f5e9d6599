"""tempfile: where it can write and where not."""

import os
import tempfile

from checking import DATA, FILE, check, each, scratch

PLAIN = f"{DATA}/plain"


def _named():
    with tempfile.NamedTemporaryFile("w+", dir=scratch()) as stream:
        stream.write("x")
        stream.seek(0)
        return [stream.read(), os.path.dirname(stream.name)]


def _with_tmpdir(place):
    before, tempfile.tempdir = os.environ.get("TMPDIR"), None
    os.environ["TMPDIR"] = place
    try:
        return tempfile.gettempdir() == place
    finally:
        tempfile.tempdir = None
        del os.environ["TMPDIR"]
        if before is not None:
            os.environ["TMPDIR"] = before


def _directory():
    with tempfile.TemporaryDirectory(dir=scratch()) as place:
        with open(f"{place}/x", "w") as stream:
            stream.write("x")
        held = os.listdir(place)
    return [held, os.path.exists(place)]


def _spooled():
    with open(FILE, "rb") as source, tempfile.SpooledTemporaryFile(max_size=4) as stream:
        stream.write(source.read())
        stream.seek(0)
        return stream.read()


def _kind(function, **options):
    """Return the kind of failure: names are random."""
    try:
        function(**options)
    except OSError as error:
        return [type(error).__name__, error.errno]
    return "done"


@check
def outside():
    return each(
        named=(_named,), directory=(_directory,), spooled=(_spooled,), tmpdir=(_with_tmpdir, scratch("")),
        default=(lambda: os.access(tempfile.gettempdir(), os.W_OK),),
    )  # fmt: skip


@check
def inside():
    return each(
        mkstemp=(lambda: _kind(tempfile.mkstemp, dir=PLAIN),),
        mkdtemp=(lambda: _kind(tempfile.mkdtemp, dir=PLAIN),),
        named=(lambda: _kind(tempfile.NamedTemporaryFile, dir=PLAIN),),
        unnamed=(lambda: _kind(tempfile.TemporaryFile, dir=PLAIN),),
        tmpdir=(_with_tmpdir, PLAIN),
        current=(_from_inside,),
    )


def _from_inside():
    before = os.getcwd()
    os.chdir(PLAIN)
    try:
        tempfile.tempdir = None
        return tempfile.gettempdir() != PLAIN
    finally:
        os.chdir(before)
