"""Runs a benchmark script that was written for pyperf, and prints the shortest time of each benchmark as JSON.

Usage: PYTHON workload.py SECONDS SCRIPT [ARGUMENT...]

The script gets a small module in pyperf's place (pyperf.readthedocs.io, "API"), because a base has no packages, and
because pyperf would start processes of its own: here the caller decides which interpreter runs when.
"""

# ruff: noqa: PTH100, PTH120
import argparse
import asyncio
import json
import os
import runpy
import sys
import time
import types

# A value is measured over at least so many seconds of calls: many times what reading the clock costs.
VALUE = 0.02
LOOPS = 1 << 24

TIMES = {}


class Runner:
    """What the scripts use of pyperf's class of this name."""

    budget = 0.0

    def __init__(self, **_):
        self.metadata = {}
        self.argparser = argparse.ArgumentParser()
        self.args = None

    def parse_args(self):
        self.args = self.argparser.parse_args()
        return self.args

    def bench_time_func(self, name, function, *args, inner_loops=1):
        TIMES[name] = shortest(lambda loops: function(loops, *args), self.budget) / inner_loops

    def bench_func(self, name, function, *args, inner_loops=1):
        def measure(loops):
            started = time.perf_counter()
            for _ in range(loops):
                function(*args)
            return time.perf_counter() - started

        self.bench_time_func(name, measure, inner_loops=inner_loops)

    def bench_async_func(self, name, function, *args):
        async def measure(loops):
            started = time.perf_counter()
            for _ in range(loops):
                await function(*args)
            return time.perf_counter() - started

        self.bench_time_func(name, lambda loops: asyncio.run(measure(loops)))


def shortest(measure, budget):
    """Return the seconds of one loop: of all values that fit into the budget, at least two, the shortest."""
    ends = time.perf_counter() + budget
    loops = 1
    # These runs also warm up the interpreter, which specialises what it runs often.
    while (seconds := measure(loops)) < VALUE and loops < LOOPS:
        loops *= 2
    best, values = seconds / loops, 1
    while values < 2 or time.perf_counter() < ends:
        best = min(best, measure(loops) / loops)
        values += 1
    return best


def main():
    Runner.budget = float(sys.argv[1])
    script = os.path.abspath(sys.argv[2])
    sys.modules["pyperf"] = types.ModuleType("pyperf")
    sys.modules["pyperf"].__dict__.update(
        Runner=Runner, perf_counter=time.perf_counter, python_implementation=lambda: sys.implementation.name
    )
    sys.argv = sys.argv[2:]
    sys.path.insert(0, os.path.dirname(script))
    runpy.run_path(script, run_name="__main__")
    print(json.dumps(TIMES))


if __name__ == "__main__":
    main()
