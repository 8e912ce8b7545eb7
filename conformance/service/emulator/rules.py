"""The members each operation takes, by api-version.

Names and bounds are those of the request schemas in the specifications (2024-06-01 to v1). Members
that v1 gained after its specification was published come from the public service, with which it
shares a front end.
"""

from __future__ import annotations

from conformance.service.emulator.validation import MemberRule, MemberRules

_FLAG = MemberRule("boolean")
_TEXT = MemberRule("string")
_OBJECT = MemberRule("object")
_2410, _2503, _2504, _V1 = "2024-10-21", "2025-03-01-preview", "2025-04-01-preview", "v1"
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")

_SAMPLING: MemberRules = {
    "temperature": MemberRule("number", low=0, high=2),
    "top_p": MemberRule("number", low=0, high=1),
    "n": MemberRule("integer", low=1, high=128),
    "stream": _FLAG,
    "stop": MemberRule("string|strings", high=4),
    "presence_penalty": MemberRule("number", low=-2, high=2),
    "frequency_penalty": MemberRule("number", low=-2, high=2),
    "logit_bias": _OBJECT,
    "user": _TEXT,
    "seed": MemberRule("integer"),
    "stream_options": MemberRule("object", since=_2410),
    "model": _TEXT,
}

CHAT: MemberRules = {
    "messages": MemberRule("objects", low=1, required=True),
    **_SAMPLING,
    "max_tokens": MemberRule("integer", low=1),
    "max_completion_tokens": MemberRule("integer", since=_2410, low=1),
    "logprobs": _FLAG,
    "top_logprobs": MemberRule("integer", low=0, high=20),
    "response_format": _OBJECT,
    "tools": MemberRule("objects", high=128),
    "tool_choice": MemberRule("string|object"),
    "parallel_tool_calls": MemberRule("boolean", since=_2410),
    "functions": MemberRule("objects", low=1, high=128),
    "function_call": MemberRule("string|object"),
    "data_sources": MemberRule("objects"),
    "reasoning_effort": MemberRule("string", since=_2503, choices=_EFFORTS),
    "metadata": MemberRule("object", since=_2503),
    "store": MemberRule("boolean", since=_2503),
    "modalities": MemberRule("strings", since=_2503),
    "audio": MemberRule("object", since=_2503),
    "prediction": _OBJECT,
    "user_security_context": MemberRule("object", since=_2503),
    "verbosity": MemberRule("string", since=_V1, choices=("low", "medium", "high")),
    "service_tier": MemberRule("string", since=_V1),
    "prompt_cache_key": MemberRule("string", since=_V1),
    "prompt_cache_retention": MemberRule("string", since=_V1),
    "safety_identifier": MemberRule("string", since=_V1),
    "web_search_options": MemberRule("object", since=_V1),
}

COMPLETIONS: MemberRules = {
    "prompt": MemberRule("string|array", required=True),
    **{name: rule for name, rule in _SAMPLING.items() if name != "seed"},
    "seed": MemberRule("integer", since=_2410),
    "max_tokens": MemberRule("integer", low=0),
    "logprobs": MemberRule("integer", low=0, high=5),
    "suffix": _TEXT,
    "echo": _FLAG,
    "best_of": MemberRule("integer", low=1, high=20),
}

EMBEDDINGS: MemberRules = {
    "input": MemberRule("string|array", required=True),
    "model": _TEXT,
    "user": _TEXT,
    "input_type": _TEXT,
    "encoding_format": MemberRule("string", choices=("float", "base64")),
    "dimensions": MemberRule("integer", low=1),
}

SPEECH: MemberRules = {
    "input": MemberRule("string", required=True, low=1, high=4096),
    "voice": MemberRule(
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
    "response_format": MemberRule("string", choices=("mp3", "opus", "aac", "flac", "wav", "pcm")),
    "speed": MemberRule("number", low=0.25, high=4),
    "instructions": MemberRule("string", since=_2504),
    "stream_format": MemberRule("string", since=_V1),
}

_RESPONSE_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")

TRANSCRIPTION: MemberRules = {
    "model": _TEXT,
    "language": _TEXT,
    "prompt": _TEXT,
    "response_format": MemberRule("string", choices=_RESPONSE_FORMATS),
    "temperature": MemberRule("number", low=0, high=1),
    "timestamp_granularities": MemberRule("strings", since=_2503),
    "stream": MemberRule("boolean", since=_2504),
    "chunking_strategy": MemberRule("string|object", since=_2504),
    "include": MemberRule("strings", since=_2504),
}

TRANSLATION: MemberRules = {
    name: TRANSCRIPTION[name] for name in ("model", "prompt", "response_format", "temperature")
}

DALLE: MemberRules = {
    "prompt": MemberRule("string", required=True, low=1, high=4000),
    "model": _TEXT,
    "n": MemberRule("integer", low=1, high=1),
    "size": MemberRule("string", choices=("1024x1024", "1792x1024", "1024x1792")),
    "response_format": MemberRule("string", choices=("url", "b64_json")),
    "quality": MemberRule("string", choices=("standard", "hd")),
    "style": MemberRule("string", choices=("vivid", "natural")),
    "user": _TEXT,
}

GPT_IMAGE: MemberRules = {
    "prompt": MemberRule("string", required=True, low=1, high=32000),
    "model": _TEXT,
    "n": MemberRule("integer", low=1, high=10),
    "size": MemberRule("string", choices=("auto", "1024x1024", "1536x1024", "1024x1536")),
    "quality": MemberRule("string", choices=("auto", "low", "medium", "high")),
    "output_format": MemberRule("string", choices=("png", "jpeg")),
    "output_compression": MemberRule("integer", low=0, high=100),
    "background": MemberRule("string", choices=("auto", "transparent", "opaque")),
    "moderation": MemberRule("string", since=_V1, choices=("auto", "low")),
    "user": _TEXT,
}

IMAGE_EDIT: MemberRules = {
    **{name: rule for name, rule in GPT_IMAGE.items() if name != "moderation"},
    "input_fidelity": MemberRule("string", choices=("low", "high")),
}

RESPONSES: MemberRules = {
    "model": MemberRule("string", required=True),
    "input": MemberRule("string|objects", required=True),
    "instructions": _TEXT,
    "previous_response_id": _TEXT,
    "stream": _FLAG,
    "store": _FLAG,
    "metadata": _OBJECT,
    "include": MemberRule("strings"),
    "max_output_tokens": MemberRule("integer", low=16),
    "temperature": _SAMPLING["temperature"],
    "top_p": _SAMPLING["top_p"],
    "tools": MemberRule("objects", high=128),
    "tool_choice": MemberRule("string|object"),
    "parallel_tool_calls": _FLAG,
    "reasoning": _OBJECT,
    "text": _OBJECT,
    "truncation": MemberRule("string", choices=("auto", "disabled")),
    "user": _TEXT,
    "background": MemberRule("boolean", since=_2504),
    "max_tool_calls": MemberRule("integer", since=_2504, low=1),
    "top_logprobs": MemberRule("integer", since=_2504, low=0, high=20),
    "stream_options": MemberRule("object", since=_2504),
    "prompt": MemberRule("object", since=_2504),
    "prompt_cache_key": MemberRule("string", since=_V1),
    "prompt_cache_retention": MemberRule("string", since=_V1),
    "safety_identifier": MemberRule("string", since=_V1),
    "service_tier": MemberRule("string", since=_V1),
    "conversation": MemberRule("string|object", since=_V1),
}

BATCH: MemberRules = {
    "input_file_id": MemberRule("string", required=True),
    "endpoint": MemberRule("string", required=True),
    "completion_window": MemberRule("string", required=True),
    "metadata": _OBJECT,
    "output_expires_after": MemberRule("object", since=_2504),
}

FINE_TUNING: MemberRules = {
    "model": MemberRule("string", required=True),
    "training_file": MemberRule("string", required=True),
    "validation_file": _TEXT,
    "hyperparameters": _OBJECT,
    "suffix": MemberRule("string", high=64),
    "seed": MemberRule("integer", low=0, high=2147483647),
    "integrations": MemberRule("array"),
    "method": _OBJECT,
    "metadata": MemberRule("object", since=_V1),
}
