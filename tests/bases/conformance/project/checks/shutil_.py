"""shutil: copying out of the tree works, into it does not."""

import os
import shutil
import stat
import tarfile
import zipfile

from checking import DATA, FILE, check, each, outcome, scratch

PLAIN = f"{DATA}/plain"


def _tree(place):
    found = {}
    for top, folders, files in os.walk(place):
        for name in folders + files:
            path = f"{top}/{name}"
            status = os.lstat(path)
            content = None
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as stream:
                    content = stream.read()
            target = os.readlink(path) if stat.S_ISLNK(status.st_mode) else None
            times = None if stat.S_ISLNK(status.st_mode) else status.st_mtime
            found[os.path.relpath(path, place)] = [stat.filemode(status.st_mode), times, content, target]
    return found


@check
def copying():
    found = {}
    for name in ("copyfile", "copy", "copy2"):
        target = scratch(name)
        found[name] = outcome(getattr(shutil, name), FILE, target)
        found[f"{name} result"] = _status(target)
    found |= each(
        to_directory=(shutil.copy, FILE, scratch()),
        onto_itself=(shutil.copyfile, FILE, FILE),
        onto_itself_by_link=(shutil.copyfile, FILE, f"{DATA}/links/relative"),
        into=(shutil.copyfile, FILE, f"{PLAIN}/new"),
        onto=(shutil.copyfile, scratch("copy"), FILE),
        into_directory=(shutil.copy, scratch("copy"), PLAIN),
        directory=(shutil.copyfile, PLAIN, scratch("directory")),
        missing=(shutil.copyfile, f"{PLAIN}/none", scratch("none")),
        program=(shutil.copy, f"{PLAIN}/run.sh", scratch("run.sh")),
        copymode=(shutil.copymode, f"{PLAIN}/run.sh", scratch("copyfile")),
        copystat=(shutil.copystat, FILE, scratch("copyfile")),
        copymode_into=(shutil.copymode, scratch("copyfile"), FILE),
        copystat_into=(shutil.copystat, scratch("copyfile"), FILE),
    )
    return found | {"after": [_status(scratch("run.sh")), _status(scratch("copyfile"))]}


def _status(path):
    status = os.stat(path)
    return [stat.filemode(status.st_mode), status.st_size, status.st_mtime == os.stat(FILE).st_mtime]


@check
def fileobj():
    with open(FILE, "rb") as source, open(scratch("fileobj"), "wb") as target:
        shutil.copyfileobj(source, target)
    with open(scratch("fileobj"), "rb") as stream:
        return stream.read()


@check
def copytree():
    found = {}
    for name in ("plain", "nested", "odd", "empty", "walked"):
        shutil.copytree(f"{DATA}/{name}", scratch(f"tree-{name}"), symlinks=name == "walked")
        found[name] = _tree(scratch(f"tree-{name}"))
    shutil.copytree(f"{DATA}/links/directory", scratch("through"))
    found["through a link"] = sorted(_tree(scratch("through")))
    shutil.copytree(f"{DATA}/nested", scratch("chosen"), ignore=shutil.ignore_patterns("*.txt"))
    found["ignore"] = sorted(_tree(scratch("chosen")))
    found["again"] = outcome(shutil.copytree, PLAIN, scratch("tree-plain"))
    found["dirs_exist_ok"] = outcome(shutil.copytree, f"{DATA}/nested", scratch("tree-nested2"), dirs_exist_ok=True)
    found["into"] = outcome(shutil.copytree, scratch("chosen"), f"{PLAIN}/new")
    found["missing"] = outcome(shutil.copytree, f"{DATA}/none", scratch("none"))
    return found


def _unnamed(function, *arguments):
    """Return the outcome without the file that failed first, which depends on the order of the directory."""
    result = outcome(function, *arguments)
    return OSError(result.errno, result.strerror) if isinstance(result, OSError) else result


@check
def moving():
    source = scratch("source")
    with open(source, "w") as stream:
        stream.write("real")
    found = each(
        out=(shutil.move, FILE, scratch("moved")),
        directory_out=(_unnamed, shutil.move, f"{DATA}/nested", scratch("moved-directory")),
        inside=(shutil.move, FILE, f"{PLAIN}/new"),
        into=(shutil.move, source, f"{PLAIN}/new"),
        link_out=(shutil.move, f"{DATA}/links/relative", scratch("moved-link")),
    )
    found["left"] = [os.path.exists(FILE), os.path.exists(source), os.path.exists(f"{DATA}/nested/one/c.txt")]
    found["arrived"] = sorted(name for name in os.listdir(scratch()) if name.startswith("moved"))
    return found


@check
def removing():
    seen = []
    shutil.rmtree(f"{DATA}/nested", onerror=lambda function, path, error: seen.append((path, error[1])))
    return each(
        rmtree=(_unnamed, shutil.rmtree, f"{DATA}/nested"),
        ignored=(lambda: shutil.rmtree(f"{DATA}/nested", ignore_errors=True),),
        link=(shutil.rmtree, f"{DATA}/links/directory"),
        missing=(shutil.rmtree, f"{DATA}/none"),
        told=(lambda: [len(seen), sorted({type(error).__name__ for _, error in seen})],),
    )


@check
def asking():
    usage = shutil.disk_usage(FILE)
    return each(
        disk_usage=(lambda: [usage.total >= usage.used >= 0, usage.free >= 0],),
        disk_usage_missing=(shutil.disk_usage, f"{DATA}/none"),
        which=(lambda: shutil.which("run.sh", path=PLAIN),),
        which_plain=(lambda: shutil.which("a.txt", path=PLAIN),),
        which_full=(shutil.which, f"{PLAIN}/run.sh"),
    )


@check
def archives():
    found = {}
    for kind in ("zip", "tar", "gztar", "bztar", "xztar"):
        made = outcome(shutil.make_archive, scratch("made"), kind, DATA, "nested")
        found[kind] = [made, _members(made, kind)]
    found["unpack"] = outcome(shutil.unpack_archive, f"{DATA}/archives/pack.zip", scratch("unpacked"))
    found["unpacked"] = sorted(_tree(scratch("unpacked")))
    found["unpack tar"] = outcome(shutil.unpack_archive, f"{DATA}/archives/pack.tar.gz", scratch("untarred"))
    found["untarred"] = sorted(_tree(scratch("untarred")))
    found["into"] = outcome(shutil.make_archive, f"{PLAIN}/new", "zip", DATA, "nested")
    return found


def _members(path, kind):
    if isinstance(path, Exception):
        return None
    if kind == "zip":
        with zipfile.ZipFile(path) as archive:
            return sorted(
                (info.filename, info.file_size, info.date_time, info.external_attr) for info in archive.filelist
            )
    with tarfile.open(path) as archive:
        return sorted((info.name, info.mode, info.mtime, info.size) for info in archive)
