"""Signals, crashes, and their messages."""

import ctypes
import faulthandler
import os
import signal
import socket
import sys
import threading
import time


def wait_for_wakeup():
    """signal.set_wakeup_fd: the number of the signal arrives on a socket."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    signal.signal(signal.SIGUSR1, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    print(reader.recv(1)[0] == signal.SIGUSR1)


def handle_termination():
    """A handler of SIGTERM that ends the program in its own way."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    print("ready", flush=True)
    time.sleep(60)


def dump():
    """The traceback of all threads, on demand and after a timeout."""
    event = threading.Event()
    thread = threading.Thread(target=event.wait, name="waiting")
    thread.start()
    faulthandler.dump_traceback(sys.stdout)
    faulthandler.dump_traceback_later(0.05, file=sys.stdout)
    time.sleep(0.3)
    faulthandler.cancel_dump_traceback_later()
    event.set()
    thread.join()


def crash():
    """Read the null pointer."""
    faulthandler.enable()
    ctypes.string_at(0)


match sys.argv[1]:
    case "wakeup":
        wait_for_wakeup()
    case "terminate":
        handle_termination()
    case "sleep":
        print("ready", flush=True)
        time.sleep(60)
    case "caught":
        try:
            print("ready", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("interrupted")
    case "dump":
        dump()
    case "crash":
        crash()
    case "abort":
        faulthandler.enable()
        os.abort()
