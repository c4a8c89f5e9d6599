"""Comparing interpreters: who runs when, which time counts, what the table says."""

from __future__ import annotations

import pytest
from comparison import Times, as_table, seconds_text, turns


def test_everyone_runs_each_workload_before_the_next_one() -> None:
    order = list(turns(["x", "y", "z"], ["a", "b"], number=0))
    assert order == [("x", "a"), ("x", "b"), ("y", "b"), ("y", "a"), ("z", "a"), ("z", "b")]


def test_each_is_first_at_each_workload_in_some_round() -> None:
    names = ["a", "b", "c"]
    firsts = [[name for _, name in turns(["x", "y"], names, number=number)][::3] for number in range(3)]
    assert [sorted(column) for column in zip(*firsts, strict=True)] == [names, names]


def _times() -> Times:
    times = Times(peer="peer")
    times.add("programs", "peer", {"go": 0.004, "float": 2.0})
    times.add("programs", "ours", {"go": 0.002, "float": 4.0})
    times.add("micro", "peer", {"go": 1e-6})
    times.add("micro", "ours", {"go": 8e-6})
    return times


def test_the_shortest_time_counts() -> None:
    times = Times(peer="peer")
    for seconds in (3.0, 1.0, 2.0):
        times.add("micro", "peer", {"calls": seconds})
    assert times.seconds == {("micro", "calls"): {"peer": 1.0}}


def test_a_name_in_two_groups_is_two_benchmarks() -> None:
    assert _times().ratios("ours") == {("programs", "go"): 0.5, ("programs", "float"): 2.0, ("micro", "go"): 8.0}


def test_means_are_geometric_and_every_benchmark_weighs_the_same_in_all() -> None:
    means = _times().means("ours")
    assert list(means) == ["programs", "micro", "all"]
    assert means == pytest.approx({"programs": 1.0, "micro": 8.0, "all": 2.0})
    assert _times().means("peer") == {"programs": 1.0, "micro": 1.0, "all": 1.0}


def test_the_table_has_the_means_first() -> None:
    times = _times()
    for group, benchmark in times.seconds:
        times.add(group, "third", {benchmark: 1.0})
    assert as_table(times, ["ours", "third"])[:6] == [
        "| group | benchmark | peer | ours | ratio | third | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| programs | geometric mean | | | **1.000** | | **11.180** |",
        "| micro | geometric mean | | | **8.000** | | **1000000.000** |",
        "| all | geometric mean | | | **2.000** | | **500.000** |",
        "| programs | go | 4 ms | 2 ms | 0.50 | 1 s | 250.00 |",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.5, "1.5 s"), (1.0, "1 s"), (0.1234, "123 ms"), (4.56e-6, "4.56 us"), (7.891e-8, "78.9 ns"), (3e-10, "0.3 ns")],
)
def test_a_time_has_the_unit_that_fits(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
