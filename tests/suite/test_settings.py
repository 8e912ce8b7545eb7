"""The configuration: what is read from where, and one message with a place for everything that is
wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import InputError, InputErrors, UsageError
from conformance.suite.settings import find_file, load_settings

SECRET = "0123456789abcdef0123456789abcdef"


def settings(tmp_path: Path, text: str = "", name: str = "conformance.toml", **environment: str):  # type: ignore[no-untyped-def]
    if text:
        (tmp_path / name).write_text(text, encoding="utf-8")
    return load_settings(tmp_path, environment)


def test_nothing_configured_is_no_error(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert (found.endpoint, found.api_key, found.file, dict(found.deployments)) == ("", "", "", {})


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    text = 'endpoint = "https://file.openai.azure.com"\n[deployments]\nchat = "my-gpt"\n'
    assert settings(tmp_path, text).endpoint == "https://file.openai.azure.com"
    found = settings(
        tmp_path, AZURE_OPENAI_ENDPOINT="https://env.openai.azure.com", AZURE_OPENAI_API_KEY=SECRET
    )
    assert (found.endpoint, found.endpoint_from) == (
        "https://env.openai.azure.com",
        "AZURE_OPENAI_ENDPOINT",
    )
    assert found.deployments == {"chat": "my-gpt"}
    assert SECRET not in repr(found)


def test_pyproject_is_found_from_below_and_one_without_our_table_is_passed_over(
    tmp_path: Path,
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.conformance.deployments]\nchat = "a"\n', encoding="utf-8"
    )
    below = tmp_path / "one" / "two"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert find_file(below) == tmp_path / "pyproject.toml"
    assert load_settings(below, {}).deployments == {"chat": "a"}


@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        ('endpiont = "x"\n', "unknown-key", ":1:1", "did you mean 'endpoint'"),
        ('\n[deployments]\n  chta = "x"\n', "unknown-key", ":3:3", "did you mean 'chat'"),
        ('deployments.embedings = "x"\n', "unknown-key", ":1:1", "did you mean 'embeddings'"),
        ('deployments = { chta = "x" }\n', "unknown-key", ":1:1", "did you mean 'chat'"),
        ("[deployments]\nchat = 5\n", "invalid-value", ":2:1", "deployment's name"),
        ('[deployments]\nchat = "../x"\n', "invalid-value", ":2:1", "deployment's name"),
        ("endpoint = \n", "config-toml", ":1:", "mend"),
        ('ca_file = "none.pem"\n', "config-ca-file", ":1:1", "PEM"),
        (
            f'endpoint = "x"\napi_key = "{SECRET}"\n',
            "config-secret",
            ":2:1",
            "AZURE_OPENAI_API_KEY",
        ),
        (
            f'[deployments]\nclient_secret = "{SECRET}"\n',
            "config-secret",
            ":2:1",
            "AZURE_OPENAI_API_KEY",
        ),
        (f'[live]\nAzure-Token = "{SECRET}"\n', "config-secret", ":2:1", "AZURE_OPENAI_API_KEY"),
    ],
)
def test_a_wrong_file_names_the_place_and_what_to_do_and_never_a_value(
    tmp_path: Path, text: str, code: str, place: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        settings(tmp_path, text)
    error = caught.value.errors[0] if isinstance(caught.value, InputErrors) else caught.value
    assert error.code == code
    assert f"conformance.toml{place}" in str(error)
    assert hint in str(error)
    assert SECRET not in str(caught.value)


def test_the_place_in_pyproject_is_below_its_table(tmp_path: Path) -> None:
    text = (
        '[project]\nchta = "x"\n[tool.other]\nchta = 1\n'
        '[tool.conformance.deployments]\nchta = "x"\n'
    )
    with pytest.raises(InputErrors, match=r"pyproject\.toml:6:1: unknown key 'chta'"):
        settings(tmp_path, text, "pyproject.toml")


def test_two_files_in_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.conformance]\n", encoding="utf-8")
    with pytest.raises(InputError, match="config-twice"):
        settings(tmp_path, "[deployments]\n")


def test_a_key_no_header_can_carry_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="key-unusable") as caught:
        settings(tmp_path, AZURE_OPENAI_API_KEY=f"{SECRET[:20]}\n{SECRET[20:]}")
    assert SECRET[:20] not in str(caught.value)
