"""How a published schema is written."""

from __future__ import annotations

import json

from conformance.suite.published import schema_text


def test_how_a_docstring_is_wrapped_leaves_no_trace_in_a_published_schema() -> None:
    wrapped = {"description": "One\ntwo.\n\nThree\nfour.", "enum": ["a\nb"]}
    assert json.loads(schema_text({"$defs": {"A": wrapped}})) == {
        "$defs": {"A": {"description": "One two.\n\nThree four.", "enum": ["a\nb"]}}
    }
