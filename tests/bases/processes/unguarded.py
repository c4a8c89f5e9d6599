"""A program that starts a process without asking whether it is the main one: an error, as in Python, and not a flood."""

import multiprocessing

child = multiprocessing.get_context("spawn").Process(target=print, args=("never",))
child.start()
child.join()
print("exit code", child.exitcode)
