"""What the headers of an answer ask a client to wait."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.clock import WALL_EPOCH
from conformance.wire.retry_hints import (
    HINT_HEADERS,
    HintForm,
    RetryHint,
    answer_time,
    read_hint,
    retry_hints,
)

SEVEN_SECONDS_ON = "Thu, 01 Jan 2026 00:00:07 GMT"


@pytest.mark.parametrize(
    ("name", "text", "form", "seconds"),
    [
        ("retry-after", "2", HintForm.SECONDS, 2),
        ("retry-after", " 2 ", HintForm.SECONDS, 2),
        ("retry-after", "0", HintForm.SECONDS, 0),
        ("retry-after", "-30", HintForm.SECONDS, -30),
        ("retry-after", "2.5", HintForm.FRACTION, 2.5),
        ("retry-after", SEVEN_SECONDS_ON, HintForm.DATE, 7),
        ("retry-after", "Wed, 31 Dec 2025 23:00:00 GMT", HintForm.DATE, -3600),
        ("retry-after-ms", "40", HintForm.MILLISECONDS, 0.04),
        ("x-ms-retry-after-ms", "300", HintForm.MILLISECONDS, 0.3),
        ("retry-after-ms", "1250.5", HintForm.FRACTION, 1.2505),
        ("retry-after", "1e3", HintForm.LENIENT, 1000),
        ("retry-after", "+5", HintForm.LENIENT, 5),
        ("retry-after", "Infinity", HintForm.LENIENT, math.inf),
        ("retry-after", "NaN", HintForm.LENIENT, math.inf),
        ("retry-after", "1" + "0" * 18, HintForm.LENIENT, 1e18),
    ],
)
def test_a_hint_has_a_form_and_seconds(
    name: str, text: str, form: HintForm, seconds: float
) -> None:
    assert read_hint(name, text, WALL_EPOCH) == RetryHint(name, form, seconds)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("retry-after", ""),
        ("retry-after", "soon"),
        ("retry-after", "10s"),
        ("retry-after", "1,000"),
        ("retry-after", "Thu, 41 Foo 2026 25:61:61 GMT"),
        ("retry-after", "Thu, 01 Jan 99999 00:00:00 GMT"),
        ("retry-after", f"Thu, 01 Jan {'9' * 60} 00:00:00 GMT"),
        ("retry-after", f"Thu, 01 Jan 2026 00:00:07 +{'9' * 60}"),
        ("retry-after", "1" * 257),
        ("retry-after-ms", SEVEN_SECONDS_ON),
    ],
)
def test_nonsense_is_no_hint(name: str, text: str) -> None:
    assert read_hint(name, text, WALL_EPOCH) is None


def test_a_date_is_no_hint_where_nobody_knows_the_time() -> None:
    assert read_hint("retry-after", SEVEN_SECONDS_ON) is None


def test_every_hint_of_an_answer_is_read_in_a_steady_order_whatever_the_case_of_names() -> None:
    headers = (
        ("Retry-After", "20"),
        ("X-MS-Retry-After-Ms", "3000"),
        ("retry-after-ms", "soon"),
        ("retry-after", "1"),
    )
    assert list(retry_hints(headers).items()) == [
        (
            "x-ms-retry-after-ms",
            RetryHint("x-ms-retry-after-ms", HintForm.MILLISECONDS, 3.0),
        ),
        ("retry-after", RetryHint("retry-after", HintForm.SECONDS, 20.0)),
    ]


def test_only_numbers_that_everybody_reads_alike_are_plain() -> None:
    plain = {
        text
        for text in ("2", "2.5", "-1", "1e3", "NaN", SEVEN_SECONDS_ON)
        if (hint := read_hint("retry-after", text, WALL_EPOCH)) and hint.is_plain_number
    }
    assert plain == {"2", "2.5", "-1"}


def test_the_time_of_an_answer_is_its_date_header() -> None:
    assert answer_time((("Date", SEVEN_SECONDS_ON),)) == WALL_EPOCH + 7
    assert answer_time((("date", "today"),)) is None
    assert answer_time(()) is None


@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from([*HINT_HEADERS, "Retry-After", "date"]),
            st.text(max_size=300)
            | st.text(alphabet="0123456789.-+eE_ ", max_size=40)
            | st.floats().map(str)
            | st.from_regex(
                r"\A(Thu, )?[0-9]{1,3} (Jan|Dec) [0-9]{1,9} "
                r"[0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|[+-][0-9]{1,9})\Z"
            ),
        ),
        max_size=5,
    ).map(tuple),
    now=st.none() | st.floats(0, 4e9),
)
def test_whatever_stands_in_the_headers_a_hint_is_a_number_of_seconds_from_its_own_header(
    headers: tuple[tuple[str, str], ...], now: float | None
) -> None:
    answer_time(headers)
    hints = retry_hints(headers, now)
    present = {name.lower() for name, _ in headers}
    assert set(hints) <= present & set(HINT_HEADERS)
    for name, hint in hints.items():
        assert hint.header == name
        assert not math.isnan(hint.seconds)
        assert hint.form is HintForm.LENIENT or math.isfinite(hint.seconds)
        assert hint.form is not HintForm.DATE or now is not None


@given(st.integers(0, 10**12))
def test_milliseconds_and_seconds_of_one_wait_agree(seconds: int) -> None:
    exact = read_hint("retry-after-ms", str(seconds * 1000))
    coarse = read_hint("retry-after", str(seconds))
    assert exact is not None
    assert coarse is not None
    assert exact.seconds == coarse.seconds == seconds
