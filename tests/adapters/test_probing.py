"""``conformance sdk probe`` finds what is wrong with an adapter, and nothing wrong with the Python
one."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.plan.subjects import subjects_of
from conformance.sdk.lanes import adapter_of, plain_http
from conformance.sdk.probe import Probe, Proof
from conformance.service.peer.tls import authority
from conformance.wire.vocabulary import LaneKind
from tests.adapters.plain_adapter import plain_files
from tests.corpus.overlay import contract, load, make_root
from tests.places import PROJECT

ADAPTER = "adapters/plain/adapter.py"


def probe(root: Path, sdk: str) -> list[Proof]:
    (subject,) = subjects_of(load(root), (sdk,), LaneKind.LOOPBACK)
    launch = adapter_of(subject).launch(authority().ca_file)
    return list(Probe(launch, subject.sdk.contract, plain_http(subject)).run())


def failed(tmp_path: Path, *changes: tuple[str, str]) -> list[tuple[str, str]]:
    files = plain_files()
    for old, new in changes:
        assert old in files[ADAPTER]
        files[ADAPTER] = files[ADAPTER].replace(old, new)
    proofs = probe(
        make_root(tmp_path, {**files, "adapters/python/contract.yaml": contract()}), "plain"
    )
    return [(proof.title, proof.detail) for proof in proofs if proof.held is False]


def test_the_python_adapter_obeys() -> None:
    proofs = probe(PROJECT, "python")
    assert [proof for proof in proofs if proof.held is not True] == []
    assert len(proofs) > 15


def test_the_adapter_of_the_page_obeys(tmp_path: Path) -> None:
    assert failed(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "title", "detail"),
    [
        (
            '"version": sys.argv[1]',
            '"version": "0.9"',
            "it drives the version asked for",
            "it says 0.9",
        ),
        ('"sdk": "plain"', '"sdk": "fancy"', "it is the adapter of this SDK", "'fancy'"),
        (
            'return {"outcome": "unsupported"',
            'return {"outcome": "ok", "view": {}}\n    return {"outcome": "unsupported"',
            "an operation it does not know is unsupported",
            "it answered ok",
        ),
        (
            '"text": choice.get("message", {}).get("content")',
            '"text": "Hi."',
            "it performs a call and shows what the caller reads",
            "the view's text is 'Hi.'",
        ),
        (
            '"operations": [OPERATION]',
            '"operations": [OPERATION, "models.list"]',
            "it claims no operation its contract does not",
            "models.list",
        ),
        (
            '"operations": [OPERATION]',
            '"operations": []',
            "it has every operation its contract documents for this version",
            "chat.completions.create",
        ),
        (
            '"surfaces": ["sync"]',
            '"surfaces": ["sync", "async"]',
            "its surfaces are its contract's",
            "it says sync, async",
        ),
        (
            "        body = response.json()",
            "        body = httpx.post(url, json={}).json()",
            "one call makes one request",
            "4 for two calls",
        ),
        (
            "        break",
            "        sys.exit(4)",
            "it ends when asked to, with code 0",
            "the process ended with code 4",
        ),
        (
            'json.dumps({"id": message["id"]',
            'json.dumps({"id": message["id"] + 1',
            "introduction",
            "id 2",
        ),
        (
            "for line in sys.stdin:",
            "print('Ready.')\nfor line in sys.stdin:",
            "introduction",
            "'Ready.'",
        ),
    ],
)
def test_what_is_wrong_is_found(
    tmp_path: Path, old: str, new: str, title: str, detail: str
) -> None:
    found = failed(tmp_path, (old, new))
    assert any(
        said.startswith(title) and detail in why.replace("'2'", "2") for said, why in found
    ), found


def test_what_the_contract_says_is_of_no_use_may_be_there(tmp_path: Path) -> None:
    files = plain_files()
    files[ADAPTER] = files[ADAPTER].replace(
        '"operations": [OPERATION]', '"operations": [OPERATION, "models.list"]'
    )
    lack = (
        "lacks:\n  models.list: {reason: it goes to a route that Azure does not have, "
        "source: {fact: this page}}\n"
    )
    text = files["adapters/plain/contract.yaml"].replace("lacks:\n", lack, 1)
    root = make_root(
        tmp_path,
        {
            **files,
            "adapters/plain/contract.yaml": text,
            "adapters/python/contract.yaml": contract(),
        },
    )
    assert [proof for proof in probe(root, "plain") if proof.held is False] == []
