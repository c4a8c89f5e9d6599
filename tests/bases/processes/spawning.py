"""multiprocessing and related modules, used as in a program that does not know it is packaged. Argument: start method."""

import asyncio
import multiprocessing
import os
import pickle
import queue
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import managers, shared_memory

from checks import check, finish

METHOD = sys.argv[1] if len(sys.argv) > 1 else "spawn"


class Point:
    """A class of the main module, to be pickled both ways."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return type(self) is type(other) and (self.x, self.y) == (other.x, other.y)

    __hash__ = None


class Registry(managers.BaseManager):
    """A manager of our own."""


Registry.register("Point", Point)


def mirror(point):
    """A function of the main module."""
    return Point(point.y, point.x)


def facts():
    """Return what a child can tell about itself."""
    return {
        "variable": os.environ.get("PYPKG_REENTRY"),
        "frozen": (sys.frozen, sys._MEIPASS, sys.pypkg.entrypoint),
        "argv": sys.argv,
        "flags": (sys.flags.optimize, sys.flags.isolated, sys.flags.dev_mode, sys.warnoptions, sys._xoptions),
        "executable": sys.executable,
        "cwd": os.getcwd(),
        "exit": callable(exit),
    }


def tell(channel):
    """Send the facts through a queue or a pipe."""
    put = channel.put if hasattr(channel, "put") else channel.send
    put((facts(), __name__, multiprocessing.parent_process() is not None))


def add(total, lock, event):
    """Count in shared memory."""
    event.wait()
    for _ in range(100):
        with lock:
            total.value += 1


def fill(name):
    """Write into shared memory by its name."""
    memory = shared_memory.SharedMemory(name)
    memory.buf[:5] = b"hello"
    memory.close()


def nested(n):
    """A pool in a process of a pool."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(METHOD)) as pool:
        return pool.submit(pow, n, 2).result()


def fail():
    """An exception that travels."""
    raise ValueError("from the child")


def processes(context):
    """Process, Queue, Pipe, exit codes."""
    here = facts()
    answers = context.Queue()
    child = context.Process(target=tell, args=(answers,))
    child.start()
    there, name, is_child = answers.get(timeout=60)
    child.join()
    check("facts", there, here)
    check("name", name, "__main__" if METHOD == "fork" else "__mp_main__")
    check("child", (is_child, child.exitcode), (True, 0))
    ours, theirs = context.Pipe()
    child = context.Process(target=tell, args=(theirs,))
    child.start()
    check("pipe", ours.recv()[0], here)
    child.join()
    child = context.Process(target=sys.exit, args=(7,))
    child.start()
    child.join()
    check("exit code", child.exitcode, 7)
    child = context.Process(target=threading.Event().wait)
    if METHOD == "fork":
        child.start()
        child.terminate()
        child.join()
        check("terminated", child.exitcode, -15)


def pools(context):
    """Pool, with classes and functions of the main module both ways."""
    with context.Pool(2) as pool:
        check("map", pool.map(mirror, [Point(1, 2), Point(3, 4)]), [Point(2, 1), Point(4, 3)])
        try:
            pool.apply(fail)
        except ValueError as error:
            check("exception", str(error), "from the child")
        check("stdlib function", pool.starmap(pow, [(2, 3), (3, 2)]), [8, 9])


def sharing(context):
    """Values, locks, events, managers, shared memory."""
    total, lock, event = context.Value("i", 0), context.Lock(), context.Event()
    children = [context.Process(target=add, args=(total, lock, event)) for _ in range(2)]
    for child in children:
        child.start()
    event.set()
    for child in children:
        child.join()
    check("value", total.value, 200)
    with context.Manager() as manager:
        shared = manager.dict(a=1)
        child = context.Process(target=shared.update, args=({"b": 2},))
        child.start()
        child.join()
        check("manager", dict(shared), {"a": 1, "b": 2})
    with Registry(ctx=context) as registry:
        check("own manager", type(registry.Point(1, 2)).__name__, "AutoProxy[Point]")
    memory = shared_memory.SharedMemory(create=True, size=16)
    child = context.Process(target=fill, args=(memory.name,))
    child.start()
    child.join()
    check("shared memory", bytes(memory.buf[:5]), b"hello")
    memory.close()
    memory.unlink()
    with managers.SharedMemoryManager(ctx=context) as manager:
        check("shared list", list(manager.ShareableList([1, "two"])), [1, "two"])


def executors(context):
    """concurrent.futures, alone, nested, beside threads and an event loop."""
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        check("executor", list(pool.map(mirror, [Point(1, 2)])), [Point(2, 1)])
        check("nested", pool.submit(nested, 7).result(), 49)
        with ThreadPoolExecutor(4) as threads:
            futures = [threads.submit(lambda n: pool.submit(pow, n, 2).result(), n) for n in range(8)]
            check("threads", [future.result() for future in futures], [n * n for n in range(8)])

        async def work():
            loop = asyncio.get_running_loop()
            # Development mode reports what takes longer; a busy machine is no fault.
            loop.slow_callback_duration = 60
            return await asyncio.gather(*(loop.run_in_executor(pool, pow, n, 3) for n in range(4)))

        check("asyncio", asyncio.run(work()), [0, 1, 8, 27])


def main():
    """All of it with one start method."""
    multiprocessing.freeze_support()
    multiprocessing.set_start_method(METHOD)
    context = multiprocessing.get_context()
    processes(context)
    pools(context)
    sharing(context)
    executors(context)
    check("pickle", pickle.loads(pickle.dumps(Point(1, 2))), Point(1, 2))
    try:
        context.Queue().get(timeout=0.01)
    except queue.Empty:
        check("variable", os.environ.get("PYPKG_REENTRY"), None)
    finish()


if __name__ == "__main__":
    main()
