"""What logs, errors and reports show: no secrets and no names, and all that can be compared."""

from __future__ import annotations

from conformance.sanitize.redactor import Redactor
from tests.sanitize.material import CHAT_ID, FILE_ID, GUID, HEX_KEY, SK_KEY


def test_logs_and_errors_are_redacted_by_the_same_rules() -> None:
    redactor = Redactor(["hunter2hunter2"])
    assert redactor.text(
        f"POST https://acme-prod.openai.azure.com failed: key {HEX_KEY}, hunter2hunter2"
    ) == ("POST https://resource-1.openai.azure.com failed: key <api-key>, <secret>")
    assert redactor.headers(
        (("Api-Key", "x"), ("Authorization", "Bearer y"), ("x-request-id", GUID))
    ) == (("Api-Key", "<api-key>"), ("Authorization", "Bearer <token>"), ("x-request-id", GUID))
    assert redactor.value({"a": [SK_KEY, 1, None], "api-key": "plain"}) == {
        "a": ["<sk-key>", 1, None],
        "api-key": "<api-key>",
    }
    assert (
        redactor.text(f"{CHAT_ID} of {FILE_ID}, trace {GUID}")
        == f"{CHAT_ID} of {FILE_ID}, trace {GUID}"
    )


def test_a_redactor_shows_names_it_was_told_under_others_and_only_as_words() -> None:
    redactor = Redactor(
        called={"gpt-4o": "conf-chat", "Acme": "conformance", "apim.acme.nl": "gateway-1.example"}
    )
    assert redactor.text("deployment gpt-4o. ACME at https://apim.acme.nl/x") == (
        "deployment conf-chat. conformance at https://gateway-1.example/x"
    )
    assert (
        redactor.text("gpt-4o-mini, gpt-4o.1, my-gpt-4o, acmes")
        == "gpt-4o-mini, gpt-4o.1, my-gpt-4o, acmes"
    )


def test_a_redactor_reads_headers_and_members_by_their_names() -> None:
    redactor = Redactor()
    value = {
        "headers": [
            ["openai-organization", "acme-corp"],
            ["x-ms-deployment-name", "acme-pilot"],
            ["www-authenticate", f"Bearer authorization_uri=https://login.example/{GUID}"],
            ["x-ms-region", "East US 2"],
        ],
        "client_secret": "correct horse battery",
        "text": "correct horse battery",
    }
    assert redactor.value(value) == {
        "headers": [
            ["openai-organization", "org-0001"],
            ["x-ms-deployment-name", "deploy-1"],
            [
                "www-authenticate",
                "Bearer authorization_uri=https://login.example/"
                "00000000-0000-0000-0000-000000000000",
            ],
            ["x-ms-region", "East US 2"],
        ],
        "client_secret": "<secret>",
        "text": "correct horse battery",
    }
    redactor.know(["correct horse battery"])
    assert redactor.text("correct horse battery") == "<secret>"
