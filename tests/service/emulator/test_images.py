"""Images: real PNG files of the size asked for, and what is refused."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest

from conformance.service.emulator import Emulator
from conformance.suite.schema import SchemaRegistry
from conformance.wire.exchange import Request
from tests.service.emulator.emulating import HOST, Caller, error, served
from tests.service.emulator.walking import PNG

Parts = list[tuple[str, str | None, bytes]]


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG, after checking every chunk and that the rows are all there."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        assert zlib.crc32(name + content) == int.from_bytes(
            png[at + 8 + length : at + 12 + length], "big"
        )
        chunks[name] = content
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert len(zlib.decompress(chunks[b"IDAT"])) == ((width + 7) // 8 + 1) * height
    return width, height


def test_an_image_by_address_is_there(caller: Caller) -> None:
    response = caller.post(
        "/images/generations", {"prompt": "A dot", "size": "1792x1024"}, "conf-images"
    )
    item = response.json()["data"][0]
    assert item["revised_prompt"].startswith("A dot")
    assert item["prompt_filter_results"]["profanity"] == {"filtered": False, "detected": False}
    fetched = served(caller.emulator.answer(Request("GET", item["url"], ())))
    assert fetched.status == 200 and fetched.header("content-type") == "image/png"
    assert size_of(fetched.body) == (1792, 1024)
    gone = served(caller.emulator.answer(Request("GET", f"{HOST}/emulator/images/none.png", ())))
    assert gone.status == 404


def test_images_in_base64_depend_on_the_prompt(caller: Caller) -> None:
    def drawn(prompt: str) -> bytes:
        body = {"prompt": prompt, "response_format": "b64_json"}
        return base64.b64decode(
            caller.post("/images/generations", body, "conf-images").json()["data"][0]["b64_json"]
        )

    assert size_of(drawn("A dot")) == (1024, 1024)
    assert drawn("A dot") == drawn("A dot") != drawn("A line")


def test_the_newer_family_counts_tokens(caller: Caller) -> None:
    body = {"prompt": "A red dot", "n": 2, "size": "1536x1024", "quality": "low"}
    made = caller.post("/images/generations", body, "conf-image-edit").json()
    assert len(made["data"]) == 2 and all(
        "url" not in item and item["b64_json"] for item in made["data"]
    )
    assert made["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"text_tokens": 3, "image_tokens": 0},
        "output_tokens": 800,
        "total_tokens": 803,
    }
    unknown = caller.post(
        "/images/generations", {**body, "response_format": "url"}, "conf-image-edit"
    )
    assert error(unknown)["code"] == "unknown_parameter"
    old = Caller(Emulator(), "2024-10-21").post(
        "/images/generations", {"prompt": "x"}, "conf-image-edit"
    )
    assert "2025-04-01-preview and later" in error(old)["message"]


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "missing_required_parameter"),
        ({"prompt": "x", "n": 2}, "integer_above_max_value"),
        ({"prompt": "x", "size": "7x7"}, "invalid_value"),
        ({"prompt": "[[jailbreak]]"}, "content_policy_violation"),
    ],
)
def test_images_that_are_refused(
    caller: Caller, registry: SchemaRegistry, body: dict[str, object], code: str
) -> None:
    refused = caller.post("/images/generations", body, "conf-images")
    assert refused.status == 400 and error(refused)["code"] == code
    assert registry.validate("error", caller.version, refused.json()) == ()


def test_a_filtered_image_says_what_was_found(caller: Caller) -> None:
    refused = error(
        caller.post(
            "/images/generations", {"prompt": "[[filter:violence=high]] war"}, "conf-images"
        )
    )
    assert refused["inner_error"]["content_filter_results"]["violence"] == {
        "filtered": True,
        "severity": "high",
    }
    assert refused["inner_error"]["revised_prompt"].startswith("war")


def test_edits_take_several_images(caller: Caller) -> None:
    parts: Parts = [
        ("prompt", None, b"Paint"),
        ("image[]", "a.png", PNG),
        ("image[]", "b.png", PNG),
        ("mask", "m.png", PNG),
        ("n", None, b"2"),
    ]
    made = caller.form("/images/edits", parts, "conf-image-edit").json()
    assert len(made["data"]) == 2 and made["usage"]["input_tokens_details"]["image_tokens"] == 388
    for wrong, code in (
        ([("prompt", None, b"x"), ("image", "a.png", b"text")], "invalid_image_file"),
        ([("prompt", None, b"x")], "missing_required_parameter"),
    ):
        assert error(caller.form("/images/edits", wrong, "conf-image-edit"))["code"] == code
