"""Names of classes, variables, and of what has a docstring."""

from __future__ import annotations

from figures.names import figures, repeated_classes

from tests.ci.figures.builders import checkout, package, source, value


def test_a_class_name_in_two_places_is_told_with_both() -> None:
    assert repeated_classes(package(a="class Step: ...", b="\nclass Step: ...")) == [
        "Step: conformance/a.py:1, conformance/b.py:2"
    ]
    assert repeated_classes(package(a="class Step: ...", b="class Steps: ...\nStep = 1")) == []


def test_nested_and_private_classes_count_too() -> None:
    nested = "class A:\n    class _Inner: ..."
    assert len(repeated_classes(package(a=nested, b="class _Inner: ..."))) == 1


def test_fillers_are_a_share_of_all_bindings() -> None:
    text = "def look(self, path, given):\n    for found in path:\n        line = found.given\n"
    tree = checkout(source(text))
    assert value([*figures(tree)], "fillers") == 50.0
    assert value([*figures(checkout(source("lines = read(found=1)")))], "fillers") == 0.0


def test_public_names_want_a_docstring_and_private_ones_do_not() -> None:
    text = (
        '"""Module."""\n'
        "def _private(): ...\n"
        "def bare(): ...\n"
        'class Told:\n    """Is."""\n    def __init__(self): ...\n    def bare(self): ...\n'
        '    def told(self):\n        """Does."""\n'
    )
    tree = checkout(source(text))
    assert value([*figures(tree)], "docstrings") == 50.0
    assert value([*figures(tree)], "module-docstrings") == 100.0
    assert value([*figures(checkout(source("x = 1")))], "module-docstrings") == 0.0
