"""The java-openai adapter: its files agree with each other, and once it is built it does what its
contract claims."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from conformance.sdk.environments import Adapter
from conformance.sdk.messages import answer_problem
from conformance.service.peer.tls import authority
from conformance.suite.contract import load_contract
from conformance.suite.manifest import load_manifest
from conformance.wire.operations import OPERATIONS
from tests.places import PROJECT

FOLDER = PROJECT / "adapters" / "java-openai"


def adapter() -> Adapter:
    manifest = load_manifest(FOLDER)
    assert manifest is not None
    return Adapter(FOLDER, manifest, manifest.versions.default)


def test_the_contract_places_every_operation() -> None:
    contract = load_contract(FOLDER).contract
    assert set(OPERATIONS) <= set(contract.operations) | set(contract.lacks)
    assert not set(contract.operations) & set(contract.lacks)


def test_the_source_has_an_entry_for_every_operation_claimed() -> None:
    source = (FOLDER / "src/main/java/conformance/Operations.java").read_text(encoding="utf-8")
    entries = set(re.findall(r'TABLE\.put\("([^"]+)"', source))
    assert entries == set(load_contract(FOLDER).contract.operations)


def test_every_dependency_is_locked_by_its_digest() -> None:
    lines = (FOLDER / "dependencies.sha256").read_text(encoding="utf-8").splitlines()
    assert lines and all(
        re.fullmatch(r"[0-9a-f]{64} {2}target/lib/[\w.-]+\.jar", line) for line in lines
    )


def test_it_introduces_itself_and_ends() -> None:
    built = adapter()
    if not built.ready:
        pytest.skip("the adapter is not built here")
    launch = built.launch(authority().ca_file)
    asked = [{"id": 1, "op": "hello", "protocol": 1}, {"id": 2, "op": "shutdown"}]
    done = subprocess.run(
        launch.command,
        input="".join(json.dumps(item) + "\n" for item in asked),
        text=True,
        capture_output=True,
        env=dict(launch.environment),
        timeout=60,
        check=True,
    )
    hello, end = (json.loads(line) for line in done.stdout.splitlines())
    assert answer_problem(hello, "hello") is None
    assert hello["adapter"]["sdk"] == FOLDER.name
    assert hello["adapter"]["version"] == built.version
    assert set(hello["operations"]) == set(load_contract(FOLDER).contract.operations)
    assert end == {"id": 2, "outcome": "ok"}
