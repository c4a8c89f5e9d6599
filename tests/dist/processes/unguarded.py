"""A program that starts a process without asking whether it is the main one: an error, as in Python, and not a flood."""

import multiprocessing

multiprocessing.set_start_method("spawn")
child = multiprocessing.Process(target=print, args=("never",))
child.start()
child.join()
print("exit code", child.exitcode)
