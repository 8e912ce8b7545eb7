"""The scanner over files: what it finds, where it says it is, and that it never says what it is."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest

from conformance.errors import InputError, UsageError
from conformance.sanitize.files import refuse_leaks, scan_content, scan_paths
from conformance.sanitize.scan import Scanner
from tests.places import PROJECT
from tests.sanitize.material import HEX_KEY, JWT, SK_KEY, cassette


def rules_broken(text: str, *secrets: str) -> list[str]:
    """Ids of the rules that a cassette with this ``text`` breaks."""
    return [leak.rule for leak in scan_content(text.encode(), "c.yaml", Scanner(secrets))]


@pytest.mark.parametrize(
    "folder", ["cassettes", "scenarios/fixtures", "adapters", "schemas", "docs"]
)
def test_what_the_project_ships_scans_clean(folder: str) -> None:
    count, leaks = scan_paths([PROJECT / folder], Scanner())
    assert count
    assert [str(leak) for leak in leaks] == []


def test_a_compressed_body_is_looked_into() -> None:
    text = cassette(gzip.compress(json.dumps({"key": SK_KEY}).encode()))
    assert SK_KEY not in text
    assert "openai-key" in rules_broken(text)


def test_a_secret_folded_over_lines_is_rules_broken() -> None:
    text = f'interactions:\n- response:\n    body: "it is {JWT[:40]}\\\n      {JWT[40:]}"\n'
    assert rules_broken(text) == ["jwt"]


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("Api-Key", "an-ordinary-word", "header-api-key"),
        ("authorization", "Bearer an-ordinary-word", "header-authorization"),
        ("Cookie", "a=b", "header-cookie"),
        ("openai-organization", "acme-research", "header-organization"),
    ],
)
def test_credentials_in_headers_are_found_whatever_they_look_like(
    name: str, value: str, rule: str
) -> None:
    assert rules_broken(cassette("x", {name: [value]})) == [rule]
    for placeholder in ("REDACTED", "<api-key>", "***"):
        assert rules_broken(cassette("x", {name: [placeholder]})) == []


def test_a_credential_in_a_query_is_found_by_its_name() -> None:
    assert rules_broken(cassette("x", uri="https://x.example/v1?api-key=ordinary")) == [
        "query-credential"
    ]
    assert rules_broken(cassette("x", uri="https://x.example/v1?limit=2")) == []


def test_a_leak_names_its_line_and_rule_and_not_the_secret() -> None:
    text = f"first line\nsecond\nhere is {SK_KEY} and {HEX_KEY}\n"
    leaks = scan_content(text.encode(), "log.txt", Scanner())
    assert [(leak.place, leak.rule) for leak in leaks] == [
        ("log.txt:3", "azure-key-32"),
        ("log.txt:3", "openai-key"),
    ]
    assert all(SK_KEY[:8] not in str(leak) and HEX_KEY[:8] not in str(leak) for leak in leaks)


def test_a_write_with_a_leak_is_refused() -> None:
    refuse_leaks("nothing in here")
    with pytest.raises(InputError) as refused:
        refuse_leaks(f"a\nb {SK_KEY}".encode(), name="new.yaml")
    assert refused.value.code == "leak-found"
    assert "new.yaml:2" in str(refused.value) and "openai-key" in str(refused.value)
    assert SK_KEY not in str(refused.value)


def test_a_write_with_a_secret_the_caller_named_is_refused() -> None:
    body = base64.b64encode(b"..hunter2hunter2..").decode()
    refuse_leaks(body)
    with pytest.raises(InputError, match="known-secret"):
        refuse_leaks(body, ["hunter2hunter2"])


def test_hostile_files_are_scanned_as_text() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"
    assert rules_broken(bomb) == []
    assert rules_broken("x: !!python/object/apply:os.system ['true']\ny: " + SK_KEY) == [
        "openai-key"
    ]
    assert rules_broken("{[ not yaml: " + SK_KEY) == ["openai-key"]
    assert scan_content(gzip.compress(SK_KEY.encode()), "f.gz", Scanner())
    assert scan_content(SK_KEY.encode("utf-16"), "f.txt", Scanner())


def test_nothing_to_scan_is_no_success(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="nothing-to-scan"):
            scan_paths([path], Scanner())
