"""Files with names that few programs expect."""

import os
import zipfile

from checking import DATA, check, each, outcome, scratch

ODD = f"{DATA}/odd"


def _read(path):
    with open(path, "rb") as stream:
        return stream.read()


def _all_files():
    return sorted(f"{top}/{name}" for top, _, files in os.walk(ODD) for name in files)


@check
def every_name_opens():
    return {path: outcome(_read, path) for path in _all_files()}


@check
def every_name_by_directory():
    found = {}
    for top, _, files, directory in os.fwalk(ODD):
        for name in files:
            found[f"{top}/{name}"] = outcome(os.stat, name, dir_fd=directory).st_size
    return found


@check
def bytes_are_the_same():
    return sorted(os.listdir(os.fsencode(ODD))) == sorted(map(os.fsencode, os.listdir(ODD)))


@check
def normal_forms_are_two_files():
    return each(
        composed=(_read, f"{ODD}/caf\u00e9"),
        decomposed=(_read, f"{ODD}/cafe\u0301"),
        case=(_read, f"{ODD}/CAF\u00c9"),
        undecodable=(_read, f"{ODD}/\udcff"),
        surrogate=(_read, f"{ODD}/\ud800"),
    )


@check
def long_paths():
    deep = f"{DATA}/{'/'.join(['d' * 40] * 20)}"
    return each(
        deep=(_read, f"{deep}/end.txt"),
        realpath=(lambda: os.path.realpath(f"{deep}/end.txt") == f"{deep}/end.txt",),
        entering=(lambda: _entered(deep),),
        longest_name=(_read, f"{ODD}/{'n' * 255}"),
        too_long_name=(_read, f"{ODD}/{'n' * 256}"),
        long_link=(lambda: len(os.readlink(f"{DATA}/links/long")),),
        through_long_link=(_read, f"{DATA}/links/long"),
    )


def _entered(place):
    before = os.getcwd()
    try:
        os.chdir(place)
        return [os.getcwd() == place, _read("end.txt")]
    finally:
        os.chdir(before)


@check
def zipped():
    target = scratch("odd.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in _all_files():
            archive.write(path, os.path.relpath(path, ODD))
    with zipfile.ZipFile(target) as archive:
        return sorted(archive.namelist())
