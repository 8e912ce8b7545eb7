"""The members each operation takes, by api-version.

Names and bounds are those of the specifications' request schemas (2024-06-01 to v1); members v1
gained since its specification was published come from the public service, whose front end it
shares.
"""

from __future__ import annotations

from conformance.service.emulator.validation import Rule, Rules

_FLAG = Rule("boolean")
_TEXT = Rule("string")
_OBJECT = Rule("object")
_2410, _2503, _2504, _V1 = "2024-10-21", "2025-03-01-preview", "2025-04-01-preview", "v1"
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")

_SAMPLING: Rules = {
    "temperature": Rule("number", low=0, high=2),
    "top_p": Rule("number", low=0, high=1),
    "n": Rule("integer", low=1, high=128),
    "stream": _FLAG,
    "stop": Rule("string|strings", high=4),
    "presence_penalty": Rule("number", low=-2, high=2),
    "frequency_penalty": Rule("number", low=-2, high=2),
    "logit_bias": _OBJECT,
    "user": _TEXT,
    "seed": Rule("integer"),
    "stream_options": Rule("object", since=_2410),
    "model": _TEXT,
}

CHAT: Rules = {
    "messages": Rule("objects", low=1, required=True),
    **_SAMPLING,
    "max_tokens": Rule("integer", low=1),
    "max_completion_tokens": Rule("integer", since=_2410, low=1),
    "logprobs": _FLAG,
    "top_logprobs": Rule("integer", low=0, high=20),
    "response_format": _OBJECT,
    "tools": Rule("objects", high=128),
    "tool_choice": Rule("string|object"),
    "parallel_tool_calls": Rule("boolean", since=_2410),
    "functions": Rule("objects", low=1, high=128),
    "function_call": Rule("string|object"),
    "data_sources": Rule("objects"),
    "reasoning_effort": Rule("string", since=_2503, choices=_EFFORTS),
    "metadata": Rule("object", since=_2503),
    "store": Rule("boolean", since=_2503),
    "modalities": Rule("strings", since=_2503),
    "audio": Rule("object", since=_2503),
    "prediction": _OBJECT,
    "user_security_context": Rule("object", since=_2503),
    "verbosity": Rule("string", since=_V1, choices=("low", "medium", "high")),
    "service_tier": Rule("string", since=_V1),
    "prompt_cache_key": Rule("string", since=_V1),
    "prompt_cache_retention": Rule("string", since=_V1),
    "safety_identifier": Rule("string", since=_V1),
    "web_search_options": Rule("object", since=_V1),
}

COMPLETIONS: Rules = {
    "prompt": Rule("string|array", required=True),
    **{name: rule for name, rule in _SAMPLING.items() if name != "seed"},
    "seed": Rule("integer", since=_2410),
    "max_tokens": Rule("integer", low=0),
    "logprobs": Rule("integer", low=0, high=5),
    "suffix": _TEXT,
    "echo": _FLAG,
    "best_of": Rule("integer", low=1, high=20),
}

EMBEDDINGS: Rules = {
    "input": Rule("string|array", required=True),
    "model": _TEXT,
    "user": _TEXT,
    "input_type": _TEXT,
    "encoding_format": Rule("string", choices=("float", "base64")),
    "dimensions": Rule("integer", low=1),
}

SPEECH: Rules = {
    "input": Rule("string", required=True, low=1, high=4096),
    "voice": Rule(
        "string",
        required=True,
        choices=(
            "alloy",
            "ash",
            "ballad",
            "coral",
            "echo",
            "fable",
            "onyx",
            "nova",
            "sage",
            "shimmer",
            "verse",
        ),
    ),
    "model": _TEXT,
    "response_format": Rule("string", choices=("mp3", "opus", "aac", "flac", "wav", "pcm")),
    "speed": Rule("number", low=0.25, high=4),
    "instructions": Rule("string", since=_2504),
    "stream_format": Rule("string", since=_V1),
}

_RESPONSE_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")

TRANSCRIPTION: Rules = {
    "model": _TEXT,
    "language": _TEXT,
    "prompt": _TEXT,
    "response_format": Rule("string", choices=_RESPONSE_FORMATS),
    "temperature": Rule("number", low=0, high=1),
    "timestamp_granularities": Rule("strings", since=_2503),
    "stream": Rule("boolean", since=_2504),
    "chunking_strategy": Rule("string|object", since=_2504),
    "include": Rule("strings", since=_2504),
}

TRANSLATION: Rules = {
    name: TRANSCRIPTION[name] for name in ("model", "prompt", "response_format", "temperature")
}

DALLE: Rules = {
    "prompt": Rule("string", required=True, low=1, high=4000),
    "model": _TEXT,
    "n": Rule("integer", low=1, high=1),
    "size": Rule("string", choices=("1024x1024", "1792x1024", "1024x1792")),
    "response_format": Rule("string", choices=("url", "b64_json")),
    "quality": Rule("string", choices=("standard", "hd")),
    "style": Rule("string", choices=("vivid", "natural")),
    "user": _TEXT,
}

GPT_IMAGE: Rules = {
    "prompt": Rule("string", required=True, low=1, high=32000),
    "model": _TEXT,
    "n": Rule("integer", low=1, high=10),
    "size": Rule("string", choices=("auto", "1024x1024", "1536x1024", "1024x1536")),
    "quality": Rule("string", choices=("auto", "low", "medium", "high")),
    "output_format": Rule("string", choices=("png", "jpeg")),
    "output_compression": Rule("integer", low=0, high=100),
    "background": Rule("string", choices=("auto", "transparent", "opaque")),
    "moderation": Rule("string", since=_V1, choices=("auto", "low")),
    "user": _TEXT,
}

IMAGE_EDIT: Rules = {
    **{name: rule for name, rule in GPT_IMAGE.items() if name != "moderation"},
    "input_fidelity": Rule("string", choices=("low", "high")),
}

RESPONSES: Rules = {
    "model": Rule("string", required=True),
    "input": Rule("string|objects", required=True),
    "instructions": _TEXT,
    "previous_response_id": _TEXT,
    "stream": _FLAG,
    "store": _FLAG,
    "metadata": _OBJECT,
    "include": Rule("strings"),
    "max_output_tokens": Rule("integer", low=16),
    "temperature": _SAMPLING["temperature"],
    "top_p": _SAMPLING["top_p"],
    "tools": Rule("objects", high=128),
    "tool_choice": Rule("string|object"),
    "parallel_tool_calls": _FLAG,
    "reasoning": _OBJECT,
    "text": _OBJECT,
    "truncation": Rule("string", choices=("auto", "disabled")),
    "user": _TEXT,
    "background": Rule("boolean", since=_2504),
    "max_tool_calls": Rule("integer", since=_2504, low=1),
    "top_logprobs": Rule("integer", since=_2504, low=0, high=20),
    "stream_options": Rule("object", since=_2504),
    "prompt": Rule("object", since=_2504),
    "prompt_cache_key": Rule("string", since=_V1),
    "prompt_cache_retention": Rule("string", since=_V1),
    "safety_identifier": Rule("string", since=_V1),
    "service_tier": Rule("string", since=_V1),
    "conversation": Rule("string|object", since=_V1),
}

BATCH: Rules = {
    "input_file_id": Rule("string", required=True),
    "endpoint": Rule("string", required=True),
    "completion_window": Rule("string", required=True),
    "metadata": _OBJECT,
    "output_expires_after": Rule("object", since=_2504),
}

FINE_TUNING: Rules = {
    "model": Rule("string", required=True),
    "training_file": Rule("string", required=True),
    "validation_file": _TEXT,
    "hyperparameters": _OBJECT,
    "suffix": Rule("string", high=64),
    "seed": Rule("integer", low=0, high=2147483647),
    "integrations": Rule("array"),
    "method": _OBJECT,
    "metadata": Rule("object", since=_V1),
}
