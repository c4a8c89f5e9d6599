"""Read files again and again while other threads write messages to standard error, which is closed."""
# The functions of os are under test.

import os
import threading
import time

SECONDS = 2
FILES = [os.path.dirname(__file__) + "/" + name for name in ("first", "second")]

finished = threading.Event()


def write_messages():
    while not finished.is_set():
        try:
            os.write(2, b"a message\n")
        except OSError:
            pass


def is_wrong(file):
    fd = os.open(file, os.O_RDONLY)
    data = os.pread(fd, 200_000, 0)
    os.close(fd)
    return data != os.path.basename(file)[:1].encode() * 100_000


threads = [threading.Thread(target=write_messages) for _ in range(2)]
for thread in threads:
    thread.start()
wrong = 0
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    wrong += sum(map(is_wrong, FILES))
finished.set()
for thread in threads:
    thread.join()
print(wrong, "wrong")
