"""A program written for PyInstaller: it uses ``sys.frozen`` and ``sys._MEIPASS`` and starts itself."""

import importlib
import json
import multiprocessing
import os
import pkgutil
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import tool.plugins


def resource_path(relative):
    """The answer of every forum: next to the script, or where PyInstaller puts data."""
    base = getattr(sys, "_MEIPASS", os.path.dirname(os.path.abspath(__file__)))
    return os.path.join(base, relative)


def application_directory():
    """The user's files are next to the executable, or next to the script."""
    if getattr(sys, "frozen", False):
        return os.path.dirname(sys.executable)
    return os.path.dirname(os.path.abspath(__file__))


def own_command():
    """How the program starts itself."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, os.path.abspath(__file__)]


def square(number):
    return number * number


def describe():
    """All results as one object."""
    with open(resource_path("assets/settings.json"), encoding="utf-8") as stream:
        settings = json.load(stream)
    with tempfile.TemporaryDirectory() as directory:
        copy = shutil.copy(resource_path(os.path.join("assets", "words.sqlite3")), directory)
        with sqlite3.connect(copy) as database:
            database.execute("INSERT INTO words VALUES ('new')")
            words = [row[0] for row in database.execute("SELECT * FROM words ORDER BY word")]
        database.close()
    plugins = sorted(module.name for module in pkgutil.iter_modules(tool.plugins.__path__))
    greetings = [importlib.import_module(f"tool.plugins.{name}").greet() for name in plugins]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        squares = pool.map(square, range(5))
    worker = subprocess.run([*own_command(), "worker", "7"], capture_output=True, text=True, check=True)
    flag = subprocess.run([*own_command(), "--version"], capture_output=True, text=True, check=True)
    return {
        "settings": settings,
        "words": words,
        "plugins": plugins,
        "greetings": greetings,
        "squares": squares,
        "worker": worker.stdout,
        "version": flag.stdout,
        "beside": os.path.exists(os.path.join(application_directory(), "user.ini")),
        "frozen": getattr(sys, "frozen", False),
    }


def main():
    if sys.argv[1:2] == ["worker"]:
        print(square(int(sys.argv[2])))
    elif sys.argv[1:] == ["--version"]:
        print("1.0")
    elif os.environ.get("RESTARTED") is None:
        os.environ["RESTARTED"] = "1"
        os.execv(sys.executable, own_command() + sys.argv[1:])
    else:
        json.dump({"arguments": sys.argv[1:], **describe()}, sys.stdout, sort_keys=True)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    main()
