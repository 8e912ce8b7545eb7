"""The token endpoint azure-identity meets in replay."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.service.entra import AUTHORITY_HOST, TokenEndpoint
from conformance.wire.exchange import Request

TENANT = "00000000-0000-0000-0000-000000000001"


def asked(endpoint: TokenEndpoint, path: str, host: str = AUTHORITY_HOST) -> Any:
    reply = endpoint(Request("POST", f"https://{host}{path}", ()))
    if reply is None:
        return None
    assert reply.response is not None
    assert reply.response.header("content-length") == str(len(reply.response.body))
    return reply.response.json()


def test_tokens_are_issued_in_turn_and_the_last_for_ever() -> None:
    endpoint = TokenEndpoint(("one", "two"), expires_in=60)
    answers = [asked(endpoint, f"/{TENANT}/oauth2/v2.0/token") for _ in range(3)]
    assert [answer["access_token"] for answer in answers] == ["one", "two", "two"]
    assert {(answer["token_type"], answer["expires_in"]) for answer in answers} == {("Bearer", 60)}
    assert endpoint.issued == 3


def test_discovery_names_the_tenant_it_was_asked_for_and_issues_nothing() -> None:
    endpoint = TokenEndpoint(("one",))
    found = asked(endpoint, f"/{TENANT}/v2.0/.well-known/openid-configuration")
    assert found["token_endpoint"] == f"https://{AUTHORITY_HOST}/{TENANT}/oauth2/v2.0/token"
    assert found["issuer"] == f"https://{AUTHORITY_HOST}/{TENANT}/v2.0"
    instances = asked(endpoint, "/common/discovery/instance")
    assert instances["metadata"][0]["aliases"] == [AUTHORITY_HOST]
    assert endpoint.issued == 0


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/", AUTHORITY_HOST),
        (f"/{TENANT}/oauth2/v2.0/authorize", AUTHORITY_HOST),
        (f"/{TENANT}/oauth2/v2.0/token", "login.example"),
        (f"/{TENANT}/oauth2/v2.0/token", f"{AUTHORITY_HOST}.evil.example"),
    ],
)
def test_other_paths_and_hosts_are_not_its_own(path: str, host: str) -> None:
    assert asked(TokenEndpoint(("one",)), path, host) is None


def test_a_port_does_not_make_it_another_host() -> None:
    answer = asked(TokenEndpoint(("one",)), f"/{TENANT}/oauth2/v2.0/token", f"{AUTHORITY_HOST}:443")
    assert answer["access_token"] == "one"
