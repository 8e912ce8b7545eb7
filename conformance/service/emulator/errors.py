"""The service's refusals: status, body and origin of each, after real ones (facts/service#errors).

A comment in each function names where its body was seen, or says that no such body is public.
"""

from __future__ import annotations

import math
from typing import Any

from conformance.service.emulator.answers import Origin, Refusal, encode

_READ_MORE = (
    "Please modify your prompt and retry. To learn more about our content filtering policies "
    "please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766"
)
_NO_DEPLOYMENT = (
    "The API deployment for this resource does not exist. If you created the deployment within "
    "the last 5 minutes, please wait a moment and try again."
)


def _error(status: int, error: dict[str, Any], origin: Origin = Origin.MODEL) -> Refusal:
    return Refusal(status, encode({"error": error}, ordered=False), origin)


def invalid(
    message: str, param: str | None = None, code: str | None = None, status: int = 400
) -> Refusal:
    """A request the model's front end does not take, in the common shape of four members."""
    return _error(
        status, {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    )


def unknown_parameter(name: str) -> Refusal:
    """A member the operation does not have."""
    # https://github.com/jamesrochabrun/SwiftOpenAI/issues/67
    return invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")


def missing(name: str) -> Refusal:
    """A required member that is not there, or null."""
    # facts/traffic#missing-parameter
    return invalid(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")


def unsupported_parameter(name: str, instead: str = "") -> Refusal:
    """A member the model does not take; ``instead`` is the one to use."""
    # https://github.com/langgenius/dify/issues/9746
    hint = ""
    if instead:
        hint = f" Use '{instead}' instead."
    return invalid(
        f"Unsupported parameter: '{name}' is not supported with this model.{hint}",
        name,
        "unsupported_parameter",
    )


def unsupported_value(name: str, message: str) -> Refusal:
    """A value the model does not take."""
    # facts/traffic#unsupported-value
    return invalid(f"Unsupported value: {message}", name, "unsupported_value")


def unrecognized(name: str) -> Refusal:
    """A member that an older front end does not know."""
    # scenarios/streaming/include-usage-refused has the source.
    return invalid(f"Unrecognized request argument supplied: {name}")


def unreadable(what: str = "JSON") -> Refusal:
    """A body that cannot be read."""
    # The text of the public service. No such body of Azure is public.
    return invalid(
        f"We could not parse the {what} body of your request. (HINT: This likely means you aren't "
        "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was "
        "sent was not valid JSON. If you have trouble figuring out how to fix this, please contact "
        "us through our help center at help.openai.com.)"
    )


def bad_request(message: str) -> Refusal:
    """What the api-version does not have."""
    # facts/service#error-version
    return _error(400, {"code": "BadRequest", "message": message})


def bad_key() -> Refusal:
    """A key that is not the resource's."""
    # Eight identical recordings of 224 bytes: facts/service#error-bad-key
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide "
        "a valid key for an active subscription and use a correct regional API endpoint for your "
        "resource."
    )
    return _error(401, {"code": "401", "message": message}, Origin.GATE)


def bad_token() -> Refusal:
    """A missing credential, or a token the resource does not accept."""
    # No error member around it: facts/service#error-bad-token
    message = (
        "Unauthorized. Access token is missing, invalid, audience is incorrect "
        "(https://cognitiveservices.azure.com), or have expired."
    )
    return Refusal(401, encode({"statusCode": 401, "message": message}, ordered=False), Origin.GATE)


def resource_not_found() -> Refusal:
    """A path or an api-version the service does not have."""
    # 56 bytes, with a space after "message": that the service sends: facts/service#error-not-found
    return Refusal(404, b'{"error":{"code":"404","message": "Resource not found"}}', Origin.PATH)


def deployment_not_found(v1: bool) -> Refusal:
    """A deployment the resource does not have."""
    # The older form. Since 2026 the service sends the one below, pretty-printed, with a type and
    # without a content-type header: facts/service#error-deployment
    if not v1:
        return _error(
            404, {"code": "DeploymentNotFound", "message": _NO_DEPLOYMENT}, Origin.DEPLOYMENT
        )
    body = (
        '{\n  "error": {\n    "type": "invalid_request_error",\n    "code": "DeploymentNotFound",\n'
        f'    "message": "{_NO_DEPLOYMENT}"\n  }}\n}}'
    )
    return Refusal(404, body.encode(), Origin.DEPLOYMENT, None)


def model_not_found(model: str) -> Refusal:
    """A model the resource does not have, as Responses refuses it."""
    # https://github.com/BerriAI/litellm/issues/13419
    return invalid(
        f"The requested model '{model}' with deployment name '{model}' does not exist.",
        "model",
        "model_not_found",
    )


def operation_not_supported(operation: str, model: str) -> Refusal:
    """An operation the deployment's model does not have."""
    # Neither type nor param: https://github.com/langchain-ai/langmem/issues/13
    message = (
        f"The {operation} operation does not work with the specified model, {model}. Please choose "
        "different model and try again. You can learn more about which models can be used with "
        "each operation here: https://go.microsoft.com/fwlink/?linkid=2197993."
    )
    return _error(400, {"code": "OperationNotSupported", "message": message})


def too_long(limit: int, used: int, param: str) -> Refusal:
    """Messages that are longer than the model's window of ``limit`` tokens."""
    # facts/service#error-too-long
    return invalid(
        f"This model's maximum context length is {limit} tokens. However, your messages resulted "
        f"in {used} tokens. Please reduce the length of the messages.",
        param,
        "context_length_exceeded",
    )


def prompt_filtered(block: dict[str, Any]) -> Refusal:
    """A prompt that the filter blocks, as chat and completions refuse it."""
    # A type of null, a numeric status, and innererror: facts/service#error-filter
    return _error(
        400,
        {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's "
            f"content management policy. {_READ_MORE}",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": block},
        },
    )


def response_filtered() -> Refusal:
    """A prompt that the filter blocks, as Responses refuses it."""
    # A type, no innererror, and a typographic apostrophe: facts/traffic#n9
    return invalid(
        "The response was filtered due to the prompt triggering Azure OpenAI\u2019s content "
        f"management policy. {_READ_MORE}",
        "prompt",
        "content_filter",
    )


def image_filtered(block: dict[str, Any], revised: str | None) -> Refusal:
    """A prompt for an image that the filter blocks. ``revised`` is the prompt as it was rewritten,
    for models that do so."""
    # facts/service#error-image-refused. That revised_prompt stands in inner_error is known from the
    # specification alone (2024-10-21, dalleInnerError).
    inner: dict[str, Any] = {
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_results": block,
    }
    if revised is not None:
        inner["revised_prompt"] = revised
    return _error(
        400,
        {
            "code": "content_policy_violation",
            "inner_error": inner,
            "type": "invalid_request_error",
            "message": "Your request was rejected as a result of our safety system. Your prompt "
            "may contain text that is not allowed by our safety system.",
        },
    )


def rate_limited(message: str, seconds: float, headers: tuple[tuple[str, str], ...]) -> Refusal:
    """A request beyond the quota: there is enough again after ``seconds``."""
    # https://github.com/dyad-sh/dyad/issues/1849. The exact wait stands in retry-after-ms,
    # retry-after has it in whole seconds.
    milliseconds = max(1, math.ceil(seconds * 1000))
    retry = (
        ("retry-after", str(math.ceil(milliseconds / 1000))),
        ("retry-after-ms", str(milliseconds)),
    )
    body = encode({"error": {"code": "429", "message": message}}, ordered=False)
    return Refusal(429, body, Origin.DEPLOYMENT, headers=(*retry, *headers))


def not_found(message: str, v1: bool) -> Refusal:
    """Something that is not in the store: a file, a batch, a job, a model, a response."""
    # No such body was recorded on Azure. The classic code is one of the authoring specification's.
    if v1:
        return _from_store(invalid(message, status=404))
    return _error(404, {"code": "notFound", "message": message}, Origin.STORE)


def payload(message: str, v1: bool, param: str | None = None) -> Refusal:
    """A request that files, batches or fine-tuning do not take."""
    # The classic code is one of the authoring specification's.
    if v1:
        return _from_store(invalid(message, param))
    return _error(400, {"code": "invalidPayload", "message": message}, Origin.STORE)


def conflict(message: str, v1: bool) -> Refusal:
    """An operation that the state of its batch or job does not allow."""
    # The classic code is one of the authoring specification's.
    if v1:
        return _from_store(invalid(message))
    return _error(400, {"code": "unexpectedEntityState", "message": message}, Origin.STORE)


def _from_store(refusal: Refusal) -> Refusal:
    """``refusal`` as one of an operation without a deployment."""
    refusal.origin = Origin.STORE
    return refusal


def limitation(what: str) -> Refusal:
    """What the emulator cannot do, though the service can. It says so in a refusal of its own
    instead of pretending."""
    return _error(
        400,
        {
            "code": "conformance_emulator_limitation",
            "type": "conformance_emulator",
            "param": None,
            "message": f"The conformance emulator cannot do this: {what}",
        },
    )
