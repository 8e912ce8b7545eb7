"""Image generation and editing: PNG files of the size asked for, in a colour that depends on the
prompt (facts/service#images)."""

from __future__ import annotations

import base64
import hashlib
import struct
import time
import zlib
from typing import Any
from urllib.parse import quote, urlsplit

from conformance.service.emulator import errors, form, rules, tokens, usage
from conformance.service.emulator.answers import Answer, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.filter import (
    SEVERITIES,
    FilterResult,
    judge_completion,
    judge_prompt,
)
from conformance.service.emulator.prompt import plain
from conformance.service.emulator.routes import IMAGES
from conformance.service.emulator.state import State
from conformance.service.emulator.validation import check
from conformance.suite.scenario.versions import at_least

_TOKENS_PER_INPUT = 194
"""Tokens of an image that is given to be edited."""
_COST = {"low": (272, 400), "medium": (1056, 1568), "high": (4160, 6208), "auto": (4160, 6208)}
"""Output tokens by quality of a square and of another image (OpenAI, image generation guide,
gpt-image-1)."""
_VALID_SECONDS = 86_400
"""How long the address of an image is good for."""


def generate(call: ServiceCall) -> Answer:
    """Images for a prompt, by the rules of the deployment's model family. Raises Refusal."""
    member_rules = rules.DALLE
    if _is_gpt(call):
        member_rules = rules.GPT_IMAGE
    check(call.body, member_rules, call.version)
    return _answer(call, call.body, inputs=0)


def edit(call: ServiceCall) -> Answer:
    """Images for a prompt and images. Raises Refusal."""
    _is_gpt(call)  # refuses what the api-version does not have
    upload = form.read(call, rules.IMAGE_EDIT, ("image", "mask"))
    check(upload.members, rules.IMAGE_EDIT, call.version)
    upload.file("image")  # refuses a form without one
    for parts in upload.files.values():
        for part in parts:
            # The first bytes of PNG, JPEG and WebP.
            if not part.content.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF")):
                raise errors.invalid("Invalid image data.", "image", "invalid_image_file")
    return _answer(call, upload.members, inputs=len(upload.files["image"]))


def fetch(name: str, state: State) -> Answer:
    """The image to which an earlier answer gave the address. Raises Refusal when there is none
    called ``name``."""
    image = state.images.get(name)
    if image is None:
        raise errors.resource_not_found()
    return Answer(image, "image/png")


def png(size: str, seed: str) -> bytes:
    """A PNG of ``size`` (``1024x1024``) in one colour that depends on ``seed``."""
    width, height = map(int, size.split("x"))
    # One bit a pixel (depth 1) and colours from a palette (type 3), whose only colour is number 0.
    # So all pixels are 0, and each row is as many bytes of 0 after the number of its filter, 0.
    head = struct.pack(">II", width, height) + bytes((1, 3, 0, 0, 0))
    rows = zlib.compress(bytes(((width + 7) // 8 + 1) * height), 9)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", hashlib.sha256(seed.encode()).digest()[:3]),
        (b"IDAT", rows),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, content) for name, content in chunks)


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def _is_gpt(call: ServiceCall) -> bool:
    """Whether the deployment's model is one of the gpt-image family. Raises Refusal when it is and
    the api-version is too old for it."""
    if not call.target.model.startswith("gpt-image"):
        return False
    if not at_least(call.version, "2025-04-01-preview"):
        raise errors.bad_request(
            f"{call.target.model} is enabled only for api versions 2025-04-01-preview and later"
        )
    return True


def _answer(call: ServiceCall, asked: dict[str, Any], *, inputs: int) -> Answer:
    """The images that the request's members ``asked`` for, made from ``inputs`` images. Raises
    Refusal."""
    prompt, gpt = asked["prompt"], call.target.model.startswith("gpt-image")
    if asked.get("output_format") == "jpeg":
        raise errors.limitation("an image as JPEG")
    revised = None
    if not gpt:
        revised = f"{plain(prompt)}, in one plain colour"
    prompt_result, image_result = judge_prompt(prompt), judge_completion(prompt)
    for filter_result in (prompt_result, image_result):
        if filter_result.blocked:
            raise errors.image_filtered(filter_result.block, revised)
    size = asked.get("size")
    if size in (None, "auto"):
        size = "1024x1024"
    as_url = not gpt and asked.get("response_format", "url") in ("url", None)
    count = asked.get("n") or 1
    images = [_image(call, png(size, f"{prompt}|{index}"), as_url=as_url) for index in range(count)]
    for image in images:
        image |= _filter_blocks(prompt_result, image_result)
        if revised is not None:
            image["revised_prompt"] = revised
    body: dict[str, Any] = {"created": int(call.state.now()), "data": images}
    if gpt:
        cost, cost_of_others = _COST[asked.get("quality") or "auto"]
        width, _, height = size.partition("x")
        if width != height:
            cost = cost_of_others
        body["usage"] = usage.images(tokens.count(prompt), inputs * _TOKENS_PER_INPUT, cost * count)
    return json_answer(body)


def _filter_blocks(prompt_result: FilterResult, image_result: FilterResult) -> dict[str, Any]:
    """The filter's results for an image."""
    # Each is one object and not an array: so in the specification (imageResult,
    # dalleFilterResults).
    nothing = {
        "profanity": {"filtered": False, "detected": False},
        "custom_blocklists": {"filtered": False, "details": []},
    }
    return {
        "content_filter_results": {name: image_result.block[name] for name in SEVERITIES},
        "prompt_filter_results": {**nothing, **prompt_result.block},
    }


def _image(call: ServiceCall, content: bytes, *, as_url: bool) -> dict[str, Any]:
    """One image of an answer. With ``as_url`` it is stored, and the answer has its address."""
    if not as_url:
        return {"b64_json": base64.b64encode(content).decode()}
    name = call.state.hexadecimal("image", 32) + ".png"
    call.state.images[name] = content
    # The query has the form of a blob's shared access signature: until when, and a signature.
    until = time.gmtime(call.state.now() + _VALID_SECONDS)
    expiry = quote(time.strftime("%Y-%m-%dT%H:%M:%SZ", until))
    signature = call.state.hexadecimal("sig", 32)
    place = urlsplit(call.request.url)
    address = f"{place.scheme}://{place.netloc}{IMAGES}{name}"
    return {"url": f"{address}?se={expiry}&sig={signature}"}
