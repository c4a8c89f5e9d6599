"""Listing and clearing the native cache: ``PYPKG_NATIVE_CACHE=list`` or ``=clear``.

The cache is that of native/cache_dir.c and native/extract.c: ``<cache>/pypkg/<digest>/<path>``. It is shared by all
packaged programs of a user. Only names that these programs create are used, and no link is followed: all calls use the
descriptor of a directory that belongs to this user.
"""

import os
import re
import shutil
import stat
import sys

import _pypkg

_ENTRY = re.compile(r"[0-9a-f]{64}|file-[0-9a-f]{32}")
_LEFTOVER = re.compile(r"\.(new|gone)-.*", re.DOTALL)


def _open(directory):
    """A descriptor of the directory, or None if it does not exist.

    Raises:
        OSError: it cannot be opened, or other users can write to it.
    """
    try:
        found = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    status = os.fstat(found)
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        os.close(found)
        raise PermissionError(f"{directory} must belong to this user or root, and no other user may write to it")
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
    """The names of the top-level files and folders in an entry of another program."""
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


def _list(path, directory):
    """Print each entry with its distribution's name, its files and its size."""
    own = _pypkg.bundles()
    total_files = total_size = 0
    print(f"Native cache: {path}")
    entries = [name for name in _names(directory) if _ENTRY.fullmatch(name)]
    for name in sorted(entries, key=lambda name: (name not in own, own.get(name, ""), name)):
        files, size = _measure(directory, name)
        total_files += files
        total_size += size
        known = f"{own[name]} (of this program)" if name in own else _contents(directory, name)
        print(f"  {name[:16]}  {known}: {_amount(files, size)}")
    print(f"Total: {len(entries)} entr{'ies' if len(entries) != 1 else 'y'}, {_amount(total_files, total_size)}")


def _clear(path, directory):
    """Remove every entry. Each is renamed first, so that a program that is starting does not find half of it."""
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
    print(f"Native cache: {path}\nFreed: {_amount(total_files, total_size)}")


def main(command):
    """Run the command in the variable and return the exit code: 0 done, 1 failed, 2 no such command."""
    commands = {"list": _list, "clear": _clear}
    if command not in commands:
        print(f"pypkg: PYPKG_NATIVE_CACHE: expected 'list' or 'clear', got {command!r}", file=sys.stderr)
        return 2
    path = _pypkg.native_cache()
    if path is None:
        print("pypkg: no native cache: PYPKG_NATIVE_CACHE_PATH or HOME must be an absolute path", file=sys.stderr)
        return 1
    try:
        directory = _open(path)
        commands[command](path, directory)
    except OSError as error:
        print(f"pypkg: cannot {command} the native cache {path}: {error}", file=sys.stderr)
        return 1
    return 0
