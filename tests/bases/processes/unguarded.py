"""A program that starts a process without the guard for the main module: one error, as in Python, and no fork bomb."""

import multiprocessing

child = multiprocessing.get_context("spawn").Process(target=print, args=("never",))
child.start()
child.join()
print("exit code", child.exitcode)
