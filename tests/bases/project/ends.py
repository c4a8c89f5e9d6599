"""The ways a program ends."""

import atexit
import sys
import threading
import time


def work_on():
    """Outlive the main thread."""
    time.sleep(0.1)
    print("thread")


match sys.argv[1]:
    case "code":
        sys.exit(5)
    case "text":
        sys.exit("message")
    case "interrupt":
        raise KeyboardInterrupt
    case "error":
        raise ValueError("wrong")
    case "buffered":
        print("text")
    case "threads":
        atexit.register(print, "exit")
        threading.Thread(target=work_on).start()
        print("main")
    case "deep":

        def recurse(depth):
            """Never end."""
            return recurse(depth + 1)

        try:
            recurse(0)
        except RecursionError:
            print("caught")
