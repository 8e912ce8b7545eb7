"""Usage blocks, in which the sums hold (facts/service#usage)."""

from __future__ import annotations

from typing import Any


def chat(prompt: int, completion: int, reasoning: int = 0) -> dict[str, Any]:
    """Usage of chat and completions; ``reasoning`` are tokens of the completion."""
    # The details were recorded whatever version was asked for (facts/service#usage-details).
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
    """Usage of embeddings."""
    return {"prompt_tokens": prompt, "total_tokens": prompt}


def response(input_tokens: int, output_tokens: int, reasoning: int) -> dict[str, Any]:
    """Usage of responses; ``reasoning`` are tokens of the output."""
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": input_tokens + output_tokens,
    }


def images(text: int, image: int, output_tokens: int) -> dict[str, Any]:
    """Usage of images, for models that count tokens: those of the prompt, of the images given, and
    of the images made."""
    return {
        "input_tokens": text + image,
        "input_tokens_details": {"text_tokens": text, "image_tokens": image},
        "output_tokens": output_tokens,
        "total_tokens": text + image + output_tokens,
    }
