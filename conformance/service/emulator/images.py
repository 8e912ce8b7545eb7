"""Image generation and editing: PNG files of the size asked for, in a colour that depends on the
prompt (wire-contract section 3, Images)."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from typing import Any
from urllib.parse import urlsplit

from conformance.service.emulator import errors, form, rules, tokens, usage
from conformance.service.emulator.answers import Answer, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.filter import (
    SEVERITIES,
    FilterResult,
    judge_completion,
    judge_prompt,
)
from conformance.service.emulator.headers import wall
from conformance.service.emulator.prompt import plain
from conformance.service.emulator.routes import IMAGES
from conformance.service.emulator.state import State
from conformance.service.emulator.validation import check
from conformance.suite.scenario.versions import at_least

_TOKENS_PER_INPUT = 194
_COST = {"low": (272, 400), "medium": (1056, 1568), "high": (4160, 6208), "auto": (4160, 6208)}
"""Output tokens by quality of a square and of another image (OpenAI, image generation guide,
gpt-image-1)."""
_VALID_SECONDS = 86_400


def generate(call: ServiceCall) -> Answer:
    """Images for a prompt, by the rules of the deployment's model family. Raises Refusal."""
    tokens_counted = _is_gpt(call)
    check(call.body, rules.GPT_IMAGE if tokens_counted else rules.DALLE, call.version)
    return _answer(call, call.body, 0)


def edit(call: ServiceCall) -> Answer:
    """Images for a prompt and images. Raises Refusal."""
    _is_gpt(call)
    given = form.read(call, rules.IMAGE_EDIT, ("image", "mask"))
    check(given.members, rules.IMAGE_EDIT, call.version)
    given.file("image")
    for parts in given.files.values():
        for part in parts:
            if not part.content.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF")):
                raise errors.invalid("Invalid image data.", "image", "invalid_image_file")
    return _answer(call, given.members, len(given.files["image"]))


def fetch(name: str, state: State) -> Answer:
    """The image an earlier answer gave the address of. Raises Refusal when there is none by
    ``name``."""
    found = state.images.get(name)
    if found is None:
        raise errors.resource_not_found()
    return Answer(found, "image/png")


def png(size: str, seed: str) -> bytes:
    """A PNG of ``size`` (``1024x1024``) in one colour that depends on ``seed``: one bit a pixel, a
    palette of one."""
    width, height = map(int, size.split("x"))
    head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
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
    if not call.target.model.startswith("gpt-image"):
        return False
    if not at_least(call.version, "2025-04-01-preview"):
        raise errors.bad_request(
            f"{call.target.model} is enabled only for api versions 2025-04-01-preview and later"
        )
    return True


def _answer(call: ServiceCall, wanted: dict[str, Any], inputs: int) -> Answer:
    prompt, gpt = wanted["prompt"], call.target.model.startswith("gpt-image")
    if wanted.get("output_format") == "jpeg":
        raise errors.limitation("an image as JPEG")
    revised = None if gpt else f"{plain(prompt)}, in one plain colour"
    found, made = judge_prompt(prompt), judge_completion(prompt)
    for verdict in (found, made):
        if verdict.blocked:
            raise errors.image_filtered(verdict.block, revised)
    size = wanted.get("size") or "1024x1024"
    size = "1024x1024" if size == "auto" else size
    as_url = not gpt and wanted.get("response_format", "url") in ("url", None)
    count = wanted.get("n") or 1
    images = [_image(call, png(size, f"{prompt}|{index}"), as_url) for index in range(count)]
    for image in images:
        image |= {
            **_filter_blocks(found, made),
            **({} if revised is None else {"revised_prompt": revised}),
        }
    body: dict[str, Any] = {"created": int(call.state.now()), "data": images}
    if gpt:
        square = size.split("x")[0] == size.split("x")[1]
        cost = _COST[wanted.get("quality") or "auto"][0 if square else 1]
        body["usage"] = usage.images(tokens.count(prompt), inputs * _TOKENS_PER_INPUT, cost * count)
    return json_answer(body)


def _filter_blocks(found: FilterResult, made: FilterResult) -> dict[str, Any]:
    """One object per image, not an array (specification imageResult, dalleFilterResults)."""
    nothing = {
        "profanity": {"filtered": False, "detected": False},
        "custom_blocklists": {"filtered": False, "details": []},
    }
    return {
        "content_filter_results": {name: made.block[name] for name in SEVERITIES},
        "prompt_filter_results": {**nothing, **found.block},
    }


def _image(call: ServiceCall, content: bytes, as_url: bool) -> dict[str, Any]:
    if not as_url:
        return {"b64_json": base64.b64encode(content).decode()}
    name = call.state.hexadecimal("image", 32) + ".png"
    call.state.images[name] = content
    until = wall(call.state.now() + _VALID_SECONDS).replace(":", "%3A")
    place = urlsplit(call.request.url)
    return {
        "url": f"{place.scheme}://{place.netloc}{IMAGES}{name}?se={until}&sig={call.state.hexadecimal('sig', 32)}"
    }
