"""What becomes of addons that do not fit."""

from __future__ import annotations

from pypkg.graph.fate import Fate, classify
from pypkg.graph.import_graph import ImportEdge, ImportGraph


def imports(*items: tuple[str, str, bool, bool], owners: dict[str, str]) -> ImportGraph:
    made = ImportGraph()
    for source, target, hard, conditional in items:
        made.add(ImportEdge(source, target, hard, conditional, 1))
    for module, owner in owners.items():
        made.own(module, owner)
    return made


def test_a_chain_of_hard_imports_requires() -> None:
    graph = imports(("__main__", "a", True, False), ("a", "a._c", True, False), owners={"a": "a", "a._c": "a"})
    assert classify(graph, {"a._c": "a"}).required == {"a._c": "a, line 1"}


def test_a_guarded_import_is_optional() -> None:
    graph = imports(("__main__", "a", True, False), ("a", "a._c", False, False), owners={"a": "a", "a._c": "a"})
    fate = classify(graph, {"a._c": "a"})
    assert fate.optional == {"a._c"}
    assert not fate.required
    assert not fate.absent


def test_a_trial_makes_later_conditional_imports_optional() -> None:
    graph = imports(
        ("__main__", "a", True, False),
        ("a", "a._c", True, True),
        ("a.compat", "a._c", False, False),
        owners={"a": "a", "a._c": "a", "a.compat": "a"},
    )
    assert classify(graph, {"a._c": "a"}).optional == {"a._c"}


def test_a_hard_import_behind_a_guarded_module_is_optional() -> None:
    graph = imports(
        ("__main__", "yaml", True, False),
        ("yaml", "yaml.cyaml", False, False),
        ("yaml.cyaml", "yaml._yaml", True, False),
        owners={"yaml": "pyyaml", "yaml.cyaml": "pyyaml", "yaml._yaml": "pyyaml"},
    )
    assert classify(graph, {"yaml._yaml": "pyyaml"}).optional == {"yaml._yaml"}


def test_a_distribution_nobody_needs_is_left_out_whole() -> None:
    graph = imports(("__main__", "a", False, False), ("a", "a._c", True, False), owners={"a": "a", "a._c": "a"})
    assert classify(graph, {"a._c": "a"}).absent == {"a"}


def test_nothing_happens_when_every_addon_fits() -> None:
    graph = imports(("__main__", "a", True, False), owners={"a": "a"})
    assert classify(graph, {}) == Fate(required={}, optional=frozenset(), absent=frozenset())


def test_a_distribution_that_is_nothing_but_its_addon_is_left_out() -> None:
    graph = imports(("__main__", "fast", False, False), owners={"fast": "fast"})
    assert classify(graph, {"fast": "fast"}).absent == {"fast"}
