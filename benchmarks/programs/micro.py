"""Micro-benchmarks: one kind of operation each, in a form that pyperf runs.

Usage: micro.py NAME..., of the functions below; benchmarks/workloads.py lists those that are measured.
"""

# ruff: noqa: ARG001
import re
import sys

import pyperf

STEPS = 1000
WORDS = [f"word{number * 7919 % 1000}" for number in range(STEPS)]
NUMBERS = [number * 7919 % 100_003 for number in range(STEPS)]


class Point:
    """A class with an attribute, a property and a method."""

    kind = "point"

    def __init__(self, x):
        self.x = x

    @property
    def twice(self):
        return self.x * 2

    def moved(self, by):
        return self.x + by


class Slotted:
    """The same without a dictionary."""

    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


def nothing():
    return None


def with_arguments(first, second=2, *rest, key=None, **others):
    return first


def calls():
    for number in range(STEPS):
        nothing()
        with_arguments(number)
        with_arguments(number, 1, 2, key=3, other=4)


def methods():
    point = Point(1)
    for number in range(STEPS):
        point.moved(number)
        point.moved(by=number)


def builtin_calls():
    for number in NUMBERS:
        len(WORDS)
        abs(number)
        isinstance(number, int)
        max(number, 5)
        str(number)


def attributes():
    point, slotted = Point(1), Slotted(2)
    for _ in range(STEPS):
        point.x = slotted.x
        slotted.x = point.x
        _ = point.kind, point.twice


def global_names():
    total = 0
    for _ in range(STEPS):
        total += STEPS
        _ = WORDS, NUMBERS, len
    return total


def objects():
    return [(Point(number), Slotted(number)) for number in NUMBERS]


def integers():
    total = 1
    for number in NUMBERS:
        total = (total * 31 + number) % 65_521
        if total & 1 and total > number:
            total ^= number >> 2
    return total


def large_integers():
    value = 3
    for _ in range(12):
        value = value * value + 1
    return value % ((1 << 521) - 1), str(value % 10**400)


def floats():
    total = 0.5
    for number in NUMBERS:
        total = total * 0.75 + number / 3.0 - 1.25
    return total


def strings():
    text = ""
    for word in WORDS:
        text += word
    return text.upper().replace("WORD", "-").split("-"), ",".join(WORDS), text.find("word999x"), text.encode().decode()


def f_strings():
    for number in NUMBERS:
        _ = f"{number}: {number:>8} {number / 7:.3f} {'name'!r}"


def lists():
    values = []
    for number in NUMBERS:
        values.append(number)
        values[-1] += 1
    values[10:20] = values[20:30]
    return [value for value in reversed(values) if value % 3], values.index(values[-1]), values.pop()


def dicts():
    found = {}
    for word in WORDS:
        found[word] = found.get(word, 0) + 1
    return {key: value for key, value in found.items() if key in found}, {**found, "other": 1}


def sets():
    first, second = set(NUMBERS), set(range(0, 100_000, 7))
    for number in NUMBERS:
        if number in second:
            first.add(-number)
    return first | second, first & second, first - second


def sorting():
    return sorted(NUMBERS), sorted(WORDS), sorted(NUMBERS, key=lambda number: -number)


def unpacking():
    pair, more = (1, 2), [1, 2, 3, 4]
    for _ in range(STEPS):
        first, second = pair
        first, *_rest = more
        pair = second, first


def numbers_of(values):
    for value in values:
        sent = yield value
        if sent:
            yield sent


def delegated(values):
    yield from numbers_of(values)


def generators():
    return sum(delegated(NUMBERS)) + sum(number for number in NUMBERS if number & 1)


def closures():
    def outer(by):
        def inner(value):
            return value + by

        return inner

    for number in range(STEPS):
        outer(number)(1)


def fails(depth):
    if depth == 0:
        raise ValueError("deep")
    fails(depth - 1)


def exceptions():
    ended = 0
    for _ in range(STEPS // 10):
        try:
            fails(5)
        except KeyError:
            pass
        except ValueError:
            pass
        finally:
            ended += 1
        try:
            WORDS[STEPS + 1]
        except IndexError as error:
            str(error)


class Manager:
    """A context manager that does nothing."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def managers():
    manager = Manager()
    for _ in range(STEPS):
        with manager:
            pass


def matching():
    for number in range(STEPS):
        match (number % 3, number % 5):
            case (0, 0):
                _ = "both"
            case (0, value) | (value, 0):
                _ = value
            case _:
                pass


def classes():
    for _ in range(20):

        class Base:
            field = 1

            def method(self):
                return self.field

        class Derived(Base):
            def method(self):
                return super().method()

        Derived().method()


PATTERN = re.compile(r"(?P<name>[a-z]+)(\d{2,})\b|\s+(foo|bar)")


def regex():
    text = " ".join(WORDS)
    return PATTERN.sub(r"\2", text), [match["name"] for match in PATTERN.finditer(text)], re.split(r"[,; ]+", text)


SOURCE = '''
class Account:
    """An account."""

    def __init__(self, owner, *, balance=0):
        self.owner, self.balance = owner, balance

    def pay(self, amount):
        if amount <= 0 or amount > self.balance:
            raise ValueError(f"cannot pay {amount!r} of {self.balance}")
        self.balance -= amount
        return [entry for entry in self.history if entry.amount == amount]

try:
    total = sum(account.balance for account in accounts.values()) / len(accounts)
except ZeroDivisionError as error:
    print(error)
'''


def compiling():
    return compile(SOURCE * 5, "benchmark", "exec", dont_inherit=True)


if __name__ == "__main__":
    runner = pyperf.Runner()
    for name in sys.argv[1:]:
        runner.bench_func(name, globals()[name])
