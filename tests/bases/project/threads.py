"""Many threads and forked children use the snapshot at the same time; prints "done" if every result is right."""

import os
import threading
import warnings

HERE = os.path.dirname(__file__)  # noqa: PTH120
THREADS = 64
ROUNDS = 30
MODULES = ("colorsys", "fractions", "statistics", "wave", "calendar", "graphlib", "bisect")
wrong = []


def expect(what, got, wanted):
    if got != wanted:
        wrong.append(f"{what}: {got!r}, not {wanted!r}")


def use_files():
    with open(f"{HERE}/data/a.txt") as stream:  # noqa: PTH123
        expect("open", stream.read(), TEXT)
    expect("listdir", sorted(os.listdir(f"{HERE}/data")), ["a.txt", "link", "sub"])  # noqa: PTH208
    expect("readlink", os.readlink(f"{HERE}/data/link"), "sub/b.txt")  # noqa: PTH115
    expect("stat", os.stat(f"{HERE}/data/a.txt").st_size, len(TEXT))  # noqa: PTH116
    directory = os.open(f"{HERE}/data", os.O_RDONLY)
    copy = os.dup(directory)
    os.close(directory)
    expect("dir_fd", os.stat("a.txt", dir_fd=copy).st_size, len(TEXT))
    expect("listdir of a descriptor", sorted(os.listdir(copy)), ["a.txt", "link", "sub"])  # noqa: PTH208
    os.close(copy)


def use_modules(number):
    module = __import__(MODULES[number % len(MODULES)])
    expect("__file__", os.path.exists(module.__file__), True)  # noqa: PTH110


def fork_child():
    child = os.fork()
    if child == 0:
        wrong.clear()
        use_files()
        os._exit(len(wrong))
    expect("child", os.waitpid(child, 0)[1], 0)


def work(number):
    try:
        for turn in range(ROUNDS):
            use_files()
            use_modules(number + turn)
            if (number + turn) % 97 == 0:
                fork_child()
    except BaseException as error:
        wrong.append(repr(error))


warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads
with open(f"{HERE}/data/a.txt") as first:  # noqa: PTH123
    TEXT = first.read()
threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("\n".join(wrong) or "done")
