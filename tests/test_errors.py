"""The family of errors in words, and names suggested for mistyped ones."""

from __future__ import annotations

import pytest

from conformance.errors import InputError, Where, did_you_mean, nearest

KNOWN = ("chat/founded", "chat/filtered", "retries/waits")


def test_an_error_in_words_has_its_place_cause_hint_and_code() -> None:
    place = Where("a.yaml", 3, 7)
    assert str(InputError("odd", "it is odd", "make it even", place)) == (
        "a.yaml:3:7: it is odd (make it even) [odd]"
    )
    assert str(InputError("odd", "it is odd")) == "it is odd [odd]"


def test_a_place_without_a_line_is_the_file_alone() -> None:
    assert str(Where("a.yaml")) == "a.yaml"


def test_the_nearest_names_come_first_and_are_at_most_as_many_as_asked_for() -> None:
    assert nearest("chat/fonded", KNOWN) == ("chat/founded", "chat/filtered")
    assert nearest("chat/fonded", KNOWN, most=1) == ("chat/founded",)


def test_the_order_of_known_names_does_not_change_what_is_suggested() -> None:
    assert nearest("abcd", ["abce", "abcf"]) == nearest("abcd", ["abcf", "abce", "abce"])


@pytest.mark.parametrize("name", ["zzz", ""])
def test_where_no_name_is_alike_the_hint_is_the_other_one(name: str) -> None:
    assert nearest(name, KNOWN) == ()
    assert did_you_mean(name, KNOWN, "see the list") == "see the list"


def test_a_hint_names_all_that_are_near() -> None:
    assert did_you_mean("chat/fonded", KNOWN, "") == ("did you mean chat/founded or chat/filtered?")
