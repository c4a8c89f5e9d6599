"""What a packaged program's users can ask of the cache of native libraries: ``PYPKG_NATIVE_CACHE=list`` or ``=clear``.

The cache is that of native/cache_dir.c and native/extract.c: ``<cache>/pypkg/<digest>/<path>``. It is shared by all
packaged programs of a user. Nothing but what has a name of theirs is looked at, nothing is followed: everything goes
through the descriptor of a directory that belongs to this user.
"""

import os
import re
import shutil
import stat
import sys

import _pypkg

_ENTRY = re.compile(r"[0-9a-f]{64}|file-[0-9a-f]{32}")
_LEFTOVER = re.compile(r"\.(new|gone)-.*", re.DOTALL)


def _directory():
    """The cache's directory, as native/cache_dir.c finds it, or None."""
    place = os.environ.get("PYPKG_NATIVE_CACHE_PATH")
    if not place:
        place = os.environ.get("XDG_CACHE_HOME", "")
        if not place.startswith("/"):
            home = os.environ.get("HOME", "")
            place = f"{home}/.cache" if home.startswith("/") else ""
    return f"{place}/pypkg" if place.startswith("/") else None


def _open(directory):
    """A descriptor of the directory, or None when there is none.

    Raises:
        OSError: it cannot be opened, or others could put something there.
    """
    try:
        found = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    status = os.fstat(found)
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        os.close(found)
        raise PermissionError(f"{directory} does not belong to this user alone")
    return found


def _names(directory):
    return sorted(os.listdir(directory)) if directory is not None else []  # noqa: PTH208 - it is a descriptor


def _measure(directory, name):
    """The number of files below an entry, and their size in bytes as ``ls`` shows it."""
    files = size = 0
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        return 1, status.st_size
    for _, _, names, folder in os.fwalk(name, dir_fd=directory, onerror=lambda _: None):
        for item in names:
            if item != ".checked":
                files += 1
                size += os.stat(item, dir_fd=folder, follow_symlinks=False).st_size
    return files, size


def _contents(directory, name):
    """What lies in an entry of another program: the top of what it holds below site-packages or the project."""
    tops = set()
    for root, folders, files, _ in os.fwalk(name, dir_fd=directory, onerror=lambda _: None):
        depth = root.count("/")
        if depth == 1:
            tops.update(item for item in (*folders, *files) if not item.endswith(".libs"))
        if depth >= 1:
            folders.clear()
    return ", ".join(sorted(tops)) or "?"


def _amount(files, size):
    return f"{files} file{'s' if files != 1 else ''}, {size / 1e6:.1f} MB"


def _list(place, directory):
    """Print each entry with its distribution's name, its files and its size."""
    own = _pypkg.bundles()
    total_files = total_size = 0
    print(f"Native cache: {place}")
    entries = [name for name in _names(directory) if _ENTRY.fullmatch(name)]
    for name in sorted(entries, key=lambda name: (name not in own, own.get(name, ""), name)):
        files, size = _measure(directory, name)
        total_files += files
        total_size += size
        known = f"{own[name]} (of this program)" if name in own else _contents(directory, name)
        print(f"  {name[:16]}  {known}: {_amount(files, size)}")
    print(f"Total: {len(entries)} entr{'ies' if len(entries) != 1 else 'y'}, {_amount(total_files, total_size)}")


def _clear(place, directory):
    """Remove every entry; each is renamed first, so that no program that starts meanwhile finds half of it."""
    total_files = total_size = 0
    for name in _names(directory):
        if not _ENTRY.fullmatch(name) and not _LEFTOVER.fullmatch(name):
            continue
        files, size = _measure(directory, name)
        gone = name
        if _ENTRY.fullmatch(name):
            gone = f".gone-{os.getpid()}-{name}"
            os.rename(name, gone, src_dir_fd=directory, dst_dir_fd=directory)
        if stat.S_ISDIR(os.stat(gone, dir_fd=directory, follow_symlinks=False).st_mode):
            shutil.rmtree(gone, dir_fd=directory)
        else:
            os.unlink(gone, dir_fd=directory)
        total_files += files
        total_size += size
    print(f"Native cache: {place}\nFreed: {_amount(total_files, total_size)}")


def main(wanted):
    """Do what the variable says and return the exit code: 0 done, 1 failed, 2 no such command."""
    commands = {"list": _list, "clear": _clear}
    if wanted not in commands:
        print(f"pypkg: PYPKG_NATIVE_CACHE is {wanted!r}; it can be 'list' or 'clear'", file=sys.stderr)
        return 2
    place = _directory()
    if place is None:
        print("pypkg: no native cache: PYPKG_NATIVE_CACHE_PATH or HOME must be an absolute path", file=sys.stderr)
        return 1
    try:
        directory = _open(place)
        commands[wanted](place, directory)
    except OSError as error:
        print(f"pypkg: cannot {wanted} the native cache {place}: {error}", file=sys.stderr)
        return 1
    return 0
