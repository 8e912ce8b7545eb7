"""What somebody probably meant who wrote a name that is not known."""

from __future__ import annotations

from conformance.suite.nearest import did_you_mean, known_keys_hint


def test_the_closest_name_is_offered_and_none_where_none_is_close() -> None:
    assert did_you_mean("tgas", ["title", "tags"]) == "did you mean 'tags'?"
    assert did_you_mean("zebra", ["title", "tags"]) == ""


def test_a_key_that_is_close_to_none_is_told_all_that_are_known() -> None:
    assert known_keys_hint("levle", ["title", "level"]) == "did you mean 'level'?"
    assert known_keys_hint("zebra", ["title", "tags"]) == "known keys here: tags, title"
