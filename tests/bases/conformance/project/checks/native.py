"""Packaged shared libraries; a static executable has no loader, packaged or not."""

import os

from checking import DATA, check, each

NATIVE = f"{DATA}/native"


def _answer(path):
    import ctypes  # noqa: PLC0415

    try:
        return ctypes.CDLL(path).answer()
    except OSError:
        return "OSError"  # each loader words it differently


def _twice():
    import ctypes  # noqa: PLC0415

    try:
        one, two = ctypes.CDLL(f"{NATIVE}/libanswer.so"), ctypes.CDLL(f"{NATIVE}/libanswer.so")
    except OSError:
        return "OSError"
    one.count()
    return [two.count(), one._handle == two._handle]


def _relative():
    before = os.getcwd()
    os.chdir(NATIVE)
    try:
        return _answer("./libanswer.so")
    finally:
        os.chdir(before)


@check
def libraries():
    if not os.path.exists(f"{NATIVE}/libanswer.so"):
        return None
    return each(
        library=(_answer, f"{NATIVE}/libanswer.so"),
        path_object=(lambda: _answer(os.fspath(f"{NATIVE}/./libanswer.so")),),
        link=(_answer, f"{NATIVE}/libanswer.so.1"),
        relative=(_relative,),
        beside=(_answer, f"{NATIVE}/libasking.so"),
        twice=(_twice,),
        size=(lambda: os.path.getsize(f"{NATIVE}/libanswer.so") > 1000,),
        is_elf=(lambda: open(f"{NATIVE}/libanswer.so", "rb").read(4),),
    )


@check
def refusals():
    if not os.path.exists(f"{NATIVE}/libanswer.so"):
        return None
    return each(
        missing=(_answer, f"{NATIVE}/none.so"),
        text=(_answer, f"{DATA}/plain/a.txt"),
        directory=(_answer, NATIVE),
        dangling=(_answer, f"{DATA}/links/dangling"),
    )
