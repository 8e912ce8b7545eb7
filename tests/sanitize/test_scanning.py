"""The scanner over files: what it finds, where it says it is, and that it never says what it is."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from conformance.cli import scan as scan_command
from conformance.errors import InputError, UsageError
from conformance.sanitize.files import scan_content, scan_paths
from conformance.sanitize.scan import Scanner, refuse_leaks
from tests.places import PROJECT
from tests.sanitize.material import HEX_KEY, JWT, SK_KEY

ROOT = PROJECT
APP = typer.Typer()
APP.command()(scan_command.command)


def cassette(
    body: object, headers: dict[str, list[str]] | None = None, uri: str = "https://x.example/v1"
) -> str:
    """A cassette as vcrpy writes it."""
    return yaml.safe_dump(
        {
            "interactions": [
                {
                    "request": {
                        "method": "POST",
                        "uri": uri,
                        "headers": headers or {},
                        "body": "{}",
                    },
                    "response": {
                        "status": {"code": 200, "message": "OK"},
                        "headers": {},
                        "body": {"string": body},
                    },
                }
            ],
            "version": 1,
        }
    )


def found(text: str, *secrets: str) -> list[str]:
    return [finding.rule for finding in scan_content(text.encode(), "c.yaml", Scanner(secrets))]


@pytest.mark.parametrize(
    "folder", ["cassettes", "scenarios/fixtures", "adapters", "schemas", "docs"]
)
def test_what_the_project_ships_scans_clean(folder: str) -> None:
    count, findings = scan_paths([ROOT / folder], Scanner())
    assert count
    assert [str(finding) for finding in findings] == []


def test_a_compressed_body_is_looked_into() -> None:
    text = cassette(gzip.compress(json.dumps({"key": SK_KEY}).encode()))
    assert SK_KEY not in text
    assert "openai-key" in found(text)


def test_a_secret_folded_over_lines_is_found() -> None:
    text = f'interactions:\n- response:\n    body: "it is {JWT[:40]}\\\n      {JWT[40:]}"\n'
    assert found(text) == ["jwt"]


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
    assert found(cassette("x", {name: [value]})) == [rule]
    for placeholder in ("REDACTED", "<api-key>", "***"):
        assert found(cassette("x", {name: [placeholder]})) == []


def test_a_credential_in_a_query_is_found_by_its_name() -> None:
    assert found(cassette("x", uri="https://x.example/v1?api-key=ordinary")) == ["query-credential"]
    assert found(cassette("x", uri="https://x.example/v1?limit=2")) == []


def test_a_finding_names_its_line_and_rule_and_not_the_secret() -> None:
    text = f"first line\nsecond\nhere is {SK_KEY} and {HEX_KEY}\n"
    findings = scan_content(text.encode(), "log.txt", Scanner())
    assert [(finding.place, finding.rule) for finding in findings] == [
        ("log.txt:3", "azure-key-32"),
        ("log.txt:3", "openai-key"),
    ]
    assert all(
        SK_KEY[:8] not in str(finding) and HEX_KEY[:8] not in str(finding) for finding in findings
    )


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
    assert found(bomb) == []
    assert found("x: !!python/object/apply:os.system ['true']\ny: " + SK_KEY) == ["openai-key"]
    assert found("{[ not yaml: " + SK_KEY) == ["openai-key"]
    assert scan_content(gzip.compress(SK_KEY.encode()), "f.gz", Scanner())
    assert scan_content(SK_KEY.encode("utf-16"), "f.txt", Scanner())


def test_the_command_exits_0_when_there_is_no_leak(tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(cassette("fine"), encoding="utf-8")
    result = CliRunner().invoke(APP, [str(tmp_path)], standalone_mode=False)
    assert result.return_value == 0
    assert "1 files: no leak found" in result.output


def test_the_command_exits_1_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "leaky.yaml"
    file.parent.mkdir()
    text = cassette(f"it is {SK_KEY}")
    line = 1 + text[: text.index(SK_KEY)].count("\n")
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(APP, [str(tmp_path)], standalone_mode=False)
    assert result.return_value == 1
    assert f"{file}:{line}: openai-key: " in result.output
    assert SK_KEY not in result.output


def test_the_command_looks_for_the_values_of_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("x hunter2hunter2 y", encoding="utf-8")
    monkeypatch.setenv("ACME_SECRET", "hunter2hunter2")
    result = CliRunner().invoke(
        APP, [str(tmp_path), "--secret-env", "ACME_SECRET"], standalone_mode=False
    )
    assert result.return_value == 1


def test_nothing_to_scan_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="nothing-to-scan"):
            scan_paths([path], Scanner())
    monkeypatch.delenv("NOT_SET", raising=False)
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    result = CliRunner().invoke(APP, [str(tmp_path), "--secret-env", "NOT_SET"])
    assert isinstance(result.exception, UsageError)
    assert int(result.exception.exit_code) == 2
