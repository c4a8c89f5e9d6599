"""Mounts as a program uses them: files, listings, imports; by path and by pattern; from threads and after fork."""

import importlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

from checks import check, finish, outcome

REAL = Path(sys.argv[1])
PLUGINS = Path("/snapshot/project/plugins")

mount, unmount = sys.pypkg.mount, sys.pypkg.unmount


def refused(function, *arguments):
    """Return the type of the exception that a call raises."""
    try:
        return function(*arguments)
    except (OSError, ValueError) as error:
        return type(error).__name__


# Refusals.
check("outside", refused(mount, "/elsewhere", REAL), "ValueError")
check("the root itself", refused(mount, "/snapshot", REAL), "ValueError")
check("nothing there", refused(mount, PLUGINS, REAL / "none"), "FileNotFoundError")
check("not mounted", refused(unmount, PLUGINS), "ValueError")
check("not mounted pattern", refused(unmount, re.compile("x")), "ValueError")

# A directory.
mount(PLUGINS, REAL)
check("mounts", sys.pypkg.mounts(), [(str(PLUGINS), str(REAL))])
check("read", (PLUGINS / "data.txt").read_text(), "real\n")
check("through ..", Path(f"{PLUGINS}/../data/a.txt").read_text(), Path("/snapshot/project/data/a.txt").read_text())
check("listed", "plugins" in os.listdir("/snapshot/project"), True)
check("scandir", sorted(e.name for e in os.scandir(PLUGINS)), sorted(os.listdir(REAL)))
check("glob", [p.name for p in PLUGINS.glob("*.txt")], ["data.txt"])
check("a slash after a file", outcome(os.stat, f"{PLUGINS}/data.txt/"), "ENOTDIR")
check("a slash after a directory", os.stat(f"{PLUGINS}/").st_ino, os.stat(REAL).st_ino)
(PLUGINS / "new.txt").write_text("written")
check("written", (REAL / "new.txt").read_text(), "written")
os.mkdir(PLUGINS / "made")
os.rename(PLUGINS / "new.txt", PLUGINS / "made" / "moved.txt")
check("moved", (REAL / "made" / "moved.txt").read_text(), "written")
check("beside stays read-only", outcome(os.mkdir, "/snapshot/project/other"), "EROFS")

# Imports from it.
sys.path.insert(0, str(PLUGINS))
import plugin  # noqa: E402

check("plugin", (plugin.VALUE, plugin.__file__), (42, f"{PLUGINS}/plugin.py"))
os.chdir(PLUGINS)
check("working directory", Path("data.txt").read_text(), "real\n")
os.chdir("/")

# In a thread and a forked child; another program gets the real path.
got = []
thread = threading.Thread(target=lambda: got.append((PLUGINS / "data.txt").read_text()))
thread.start()
thread.join()
check("thread", got, ["real\n"])
child = os.fork()
if child == 0:
    os._exit((PLUGINS / "data.txt").read_text() != "real\n")
check("fork", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
check(
    "child's directory",
    subprocess.run(["/bin/pwd"], cwd=PLUGINS, capture_output=True, text=True).stdout.strip(),
    str(REAL),
)

# Nested, then unmounted.
mount(PLUGINS / "inner", REAL / "made")
check("nested", (PLUGINS / "inner" / "moved.txt").read_text(), "written")
unmount(PLUGINS / "inner")
check("no longer nested", outcome(os.stat, PLUGINS / "inner"), "ENOENT")
unmount(str(PLUGINS) + "/")
check("no longer mounted", outcome(os.stat, PLUGINS / "data.txt"), "ENOENT")
check("no longer listed", "plugins" in os.listdir("/snapshot/project"), False)

# A packaged package hidden by a real one.
mount("/snapshot/project/library", REAL / "library")
import library  # noqa: E402

check("hidden package", library.WHO, "real")
unmount("/snapshot/project/library")
del sys.modules["library"]
importlib.invalidate_caches()
check("packaged package", hasattr(importlib.import_module("library"), "WHO"), False)

# A pattern.
pattern = re.compile(r"/snapshot/project/themes/(\w+)")
mount(pattern, str(REAL) + r"/\1")
check("pattern", Path("/snapshot/project/themes/made/moved.txt").read_text(), "written")
check("pattern, slash", outcome(os.stat, "/snapshot/project/themes/made/moved.txt/"), "ENOTDIR")
check("pattern elsewhere", outcome(os.stat, "/snapshot/project/themes/none/x"), "ENOENT")
check("pattern, relative", (os.chdir("/snapshot/project"), Path("themes/made/moved.txt").read_text())[1], "written")
unmount(pattern)
check("pattern gone", outcome(os.stat, "/snapshot/project/themes/made"), "ENOENT")
check("mounts in the end", sys.pypkg.mounts(), [])

# Real links and relative paths into the snapshot.
os.chdir("/")
check("relative from /", Path("snapshot/project/data/a.txt").exists(), True)
check("listing /", "snapshot" in os.listdir("/"), True)
link = REAL / "into"
link.symlink_to("/snapshot/project/data")
check("real link", (link / "a.txt").read_text(), Path("/snapshot/project/data/a.txt").read_text())
check("its listing", sorted(os.listdir(link)), sorted(os.listdir("/snapshot/project/data")))
check("resolved", str((link / "sub").resolve()), "/snapshot/project/data/sub")
check("real path", os.path.realpath(link / "a.txt"), "/snapshot/project/data/a.txt")
check("not to be written", outcome(os.mkdir, link / "x"), "EROFS")

# Another program has no directory in the snapshot: it starts in the real one. Ours is unchanged.
os.chdir("/snapshot/project/data")
check("pwd", subprocess.run(["/bin/pwd"], capture_output=True, text=True).stdout.strip(), "/")
check(
    "pwd, asked for",
    subprocess.run(["/bin/pwd"], cwd="/snapshot/project", capture_output=True, text=True).stdout.strip(),
    "/",
)
check("pwd, real", subprocess.run(["/bin/pwd"], cwd=REAL, capture_output=True, text=True).stdout.strip(), str(REAL))
check("ours", os.getcwd(), "/snapshot/project/data")
finish()
