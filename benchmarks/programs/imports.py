"""Imports the modules that a JSON file lists and prints the milliseconds; with --probe those that can be imported."""

# ruff: noqa: PTH123, S112
import json
import sys
import time
import warnings


def main() -> None:
    warnings.simplefilter("ignore")
    with open(sys.argv[1], encoding="utf-8") as file:
        names = json.load(file)
    if "--probe" in sys.argv:
        good = []
        for name in names:
            try:
                __import__(name)
            except BaseException:
                continue
            good.append(name)
        print(json.dumps(good))
        return
    started = time.perf_counter()
    for name in names:
        __import__(name)
    print((time.perf_counter() - started) * 1000)


main()
