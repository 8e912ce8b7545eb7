"""Which credentials are judged, and what the rules keep to themselves."""

from __future__ import annotations

from conformance.judge.rules import apply_checks
from conformance.wire.protocol import Auth, CallOptions
from tests.judge.rules.builders import KEY, chat, with_body, with_header
from tests.judge.rules.judged import applied_rules, broken_rules


def test_a_credential_header_the_caller_sets_is_his_own_wish() -> None:
    options = CallOptions(headers=(("api-key", "mine"),))
    assert not {
        rule
        for rule in applied_rules(with_header(chat(options=options), "api-key", "mine"))
        if "auth.api" in rule
    }


def test_no_message_repeats_a_credential() -> None:
    leaky = with_header(
        with_body(chat(), lambda body: body.update(model=KEY)), "api-key", KEY + "x"
    )
    assert all(
        KEY not in finding.message
        for finding in apply_checks(leaky)[1]
        if finding.rule.startswith("auth.")
    )


def test_a_key_is_not_sent_beside_a_token() -> None:
    both = with_header(
        chat(auth=Auth("token", tokens=("conformance-entra-token-1",))), "api-key", KEY
    )
    assert broken_rules(both) == {"auth.no-second-credential"}
