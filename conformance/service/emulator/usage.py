"""Usage blocks: sums that hold (wire-contract section 5)."""

from __future__ import annotations

from typing import Any


def chat(prompt: int, completion: int, reasoning: int = 0) -> dict[str, Any]:
    """Usage of chat and completions, with the details recorded whatever version was asked for."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "completion_tokens_details": {
            "accepted_prediction_tokens": 0,
            "audio_tokens": 0,
            "reasoning_tokens": reasoning,
            "rejected_prediction_tokens": 0,
        },
        "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
    }


def embeddings(prompt: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "total_tokens": prompt}


def response(given: int, written: int, reasoning: int) -> dict[str, Any]:
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": given + written,
    }


def images(text: int, image: int, written: int) -> dict[str, Any]:
    return {
        "input_tokens": text + image,
        "input_tokens_details": {"text_tokens": text, "image_tokens": image},
        "output_tokens": written,
        "total_tokens": text + image + written,
    }
