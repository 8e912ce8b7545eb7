"""Who is let in, what is where, and the bodies and headers of those who are not."""

from __future__ import annotations

import json

import pytest

from conformance.service.emulator import Emulator
from conformance.suite.settings import DEPLOYMENTS
from conformance.wire.exchange import Request, Response, Source
from conformance.wire.stand_ins import API_KEY, TOKENS
from tests.service.emulator.emulating import HOST, KEY, VERSION, Caller, error, served

PATH = f"/openai/deployments/conf-chat/chat/completions?api-version={VERSION}"
V1 = "/openai/v1/chat/completions"
BODY = json.dumps({"model": "conf-chat", "messages": [{"role": "user", "content": "Hi"}]}).encode()


def ask(path: str, *headers: tuple[str, str], method: str = "POST", body: bytes = BODY) -> Response:
    return served(Emulator().answer(Request(method, HOST + path, headers, body)))


def bearer(token: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {token}")


def test_the_offline_suite_s_names_are_the_emulator_s() -> None:
    assert set(DEPLOYMENTS.values()) == set(Emulator().config.deployments)
    assert Emulator().config.keys == (API_KEY,)
    assert Emulator().config.tokens == TOKENS


@pytest.mark.parametrize(
    "path, header",
    [
        (PATH, ("api-key", API_KEY)),
        (PATH, ("API-KEY", API_KEY)),
        (PATH, bearer(TOKENS[1])),
        (V1, ("api-key", API_KEY)),
        (V1, bearer(TOKENS[0])),
        (V1, bearer(API_KEY)),
    ],
)
def test_who_is_let_in(path: str, header: tuple[str, str]) -> None:
    response = ask(path, header)
    assert response.status == 200 and response.provenance.source is Source.EMULATOR


@pytest.mark.parametrize(
    "path, header", [(PATH, ("api-key", "wrong")), (V1, ("api-key", "")), (V1, bearer("wrong"))]
)
def test_a_wrong_key(path: str, header: tuple[str, str]) -> None:
    response = ask(path, header)
    assert response.status == 401 and len(response.body) == 224
    assert error(response)["code"] == "401" and set(error(response)) == {"code", "message"}
    assert {name.lower() for name, _ in response.headers} == {
        "content-type",
        "content-length",
        "date",
        "apim-request-id",
    }


@pytest.mark.parametrize(
    "path, headers",
    [
        (PATH, (bearer("wrong"),)),
        (PATH, ()),
        (PATH, (bearer(API_KEY),)),
        (V1, (bearer("a.b.c"),)),
        (PATH, (("Authorization", "Basic x"),)),
    ],
)
def test_a_wrong_token_is_told_without_an_error_member(
    path: str, headers: tuple[tuple[str, str], ...]
) -> None:
    response = ask(path, *headers)
    assert response.status == 401
    assert response.json()["statusCode"] == 401 and "error" not in response.json()


@pytest.mark.parametrize(
    "path",
    [
        "/openai/deployments/conf-chat/chat/completions",
        "/openai/nothing?api-version=2024-10-21",
        "/",
        "//",
        "/openai/v1/",
        "/openai/deployments/conf-chat/chat/completions?api-version=2020-01-01",
        "/openai/deployments/conf-chat/chat/completions?api-version=v1",
        "/openai/deployments/conf-speech/audio/speech?api-version=2024-10-21",
        "/openai/deployments/conf-chat/images/edits?api-version=2025-03-01-preview",
    ],
)
def test_paths_and_versions_there_are_none_of(path: str) -> None:
    response = ask(path, *KEY)
    assert response.status == 404
    assert (
        response.body == b'{"error":{"code":"404","message": "Resource not found"}}'
        and len(response.body) == 56
    )
    assert response.header("x-ms-region") is None and response.header("strict-transport-security")


def test_a_wrong_method_is_no_path_either() -> None:
    assert ask(PATH, *KEY, method="GET").status == 404


def test_a_doubled_slash_is_one() -> None:
    assert ask("/" + PATH, *KEY).status == 200


def test_versions_too_old_or_unknown() -> None:
    response = ask("/openai/responses?api-version=2024-10-21", *KEY)
    assert response.status == 400 and error(response) == {
        "code": "BadRequest",
        "message": (
            "Azure OpenAI Responses API is enabled only for "
            "api-version 2025-03-01-preview and later"
        ),
    }
    response = ask(V1 + "?api-version=2024-10-21", *KEY)
    assert error(response) == {"code": "BadRequest", "message": "API version not supported"}
    assert ask(V1 + "?api-version=preview", *KEY).status == 200


def test_no_such_deployment() -> None:
    response = ask(PATH.replace("conf-chat", "nobody"), *KEY)
    assert response.status == 404 and set(error(response)) == {"code", "message"}
    assert error(response)["code"] == "DeploymentNotFound"
    newer = ask(V1, *KEY, body=b'{"model": "nobody", "messages": []}')
    assert newer.status == 404 and error(newer)["type"] == "invalid_request_error"
    assert newer.header("content-type") is None and b"\n" in newer.body


def test_a_deployment_that_cannot_do_it(caller: Caller) -> None:
    response = caller.chat("Hi", "conf-embeddings")
    assert response.status == 400 and set(error(response)) == {"code", "message"}
    assert error(response)["code"] == "OperationNotSupported"
    assert (
        "chatCompletion operation does not work with the specified model, text-embedding-3-small"
        in error(response)["message"]
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"messages": NaN}',
        b'{"temperature": 1e999}',
        b'{"user": "\\ud800"}',
        b'{"a":' * 5000,
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_bodies_that_cannot_be_read(body: bytes) -> None:
    response = ask(PATH, *KEY, body=body)
    assert response.status == 400 and "could not parse the JSON body" in error(response)["message"]


def test_headers_of_an_answer() -> None:
    response = ask(PATH, *KEY, ("x-ms-client-request-id", "mine"))
    assert response.header("x-ms-client-request-id") == "mine"
    assert response.header("x-request-id") != response.header("apim-request-id")
    assert response.header("x-ms-region") == "East US 2"
    assert response.header("x-ms-deployment-name") == "conf-chat"
    assert response.header("x-ms-served-model") is None
    assert response.header("date") == "Thu, 01 Jan 2026 00:00:00 GMT"
    again = ask(PATH, *KEY)
    assert again.header("x-ms-client-request-id") == again.header("apim-request-id")
    assert ask(V1, *KEY).header("x-ms-served-model") == "gpt-4o-2024-08-06"
