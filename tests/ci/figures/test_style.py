"""Style that can be counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from figures.style import comment_lines, figures, nested_conditionals, positional_calls, wide_lines

from tests.ci.figures.builders import checkout, source, value


def test_a_line_of_100_columns_is_none_too_wide_and_one_of_101_is() -> None:
    text = f"{'x' * 100}\n{'x' * 101}\n{'ä' * 100}\n"
    assert [number for number, _ in wide_lines(source(text))] == [2]


def test_wide_lines_are_a_share_of_each_folder() -> None:
    wide, narrow = "x" * 101 + "\n", "x = 1\n"
    tree = replace(
        checkout(source(narrow)), tests=(source(wide),), benchmarks=(source(wide + narrow),)
    )
    measured = [*figures(tree)]
    assert value(measured, "wide-lines") == 0.0
    assert value(measured, "wide-lines-tests") == 100.0
    assert value(measured, "wide-lines-benchmarks") == 50.0


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = a if b else c", 0),
        ("x = (a if b else c, d if e else f)", 0),
        ("x = a if b else c if d else e", 1),
        ("x = a if b else c if d else e if f else g", 2),
        ("x = f(a if b else c) if d else e", 1),
        ("x = e if (a if b else c) else d", 1),
    ],
)
def test_a_conditional_expression_within_another_is_nested(text: str, count: int) -> None:
    assert len(nested_conditionals(source(text))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("f(1, 2, 3, 4)", 0),
        ("f(1, 2, 3, 4, e=5, f=6)", 0),
        ("f(1, 2, 3, 4, 5)", 1),
        ("f(1, 2, 3, 4, *many)", 1),
    ],
)
def test_a_call_has_four_positional_arguments_at_most(text: str, count: int) -> None:
    assert len(positional_calls(source(text))) == count


def test_calls_of_benchmarks_and_scripts_count_and_those_of_tests_do_not() -> None:
    files = (source("f(1, 2, 3, 4, 5)"),)
    tree = replace(checkout(*files), tests=files, benchmarks=files, scripts=files)
    assert value([*figures(tree)], "positional") == 3


def test_densities_are_per_thousand_lines() -> None:
    tree = checkout(source("# why\nx = a if b else c\n\ny = [z for z in x]  # beside\n"))
    measured = [*figures(tree)]
    assert value(measured, "conditionals") == 250.0
    assert value(measured, "comprehensions") == 250.0
    assert value(measured, "comments") == 250.0


def test_a_comment_in_a_string_or_behind_code_is_no_line_of_comment() -> None:
    assert comment_lines(source('"""\n# no\n"""\nx = 1  # no\n    # yes\n')) == [5]
