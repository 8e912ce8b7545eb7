"""The service's refusals: status, body and origin of each, after real ones (wire-contract section
7).

Each function names where its body was seen. Where no real body is public, the docstring says so.
"""

from __future__ import annotations

from typing import Any

from conformance.service.emulator.answers import Origin, Refusal, encode

_READ_MORE = (
    "Please modify your prompt and retry. To learn more about our content filtering policies please read our "
    "documentation: https://go.microsoft.com/fwlink/?linkid=2198766"
)
_NO_DEPLOYMENT = (
    "The API deployment for this resource does not exist. If you created the deployment within the last "
    "5 minutes, please wait a moment and try again."
)


def _error(status: int, error: dict[str, Any], origin: Origin = Origin.MODEL) -> Refusal:
    return Refusal(status, encode({"error": error}, ordered=False), origin)


def invalid(
    message: str, param: str | None = None, code: str | None = None, status: int = 400
) -> Refusal:
    """A request the model's front end does not take; the common four-member shape of wire-contract
    section 7."""
    return _error(
        status, {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    )


def unknown_parameter(name: str) -> Refusal:
    """https://github.com/jamesrochabrun/SwiftOpenAI/issues/67"""
    return invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")


def missing(name: str) -> Refusal:
    """real-traffic, error bodies: missing_required_parameter"""
    return invalid(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")


def unsupported_parameter(name: str, instead: str = "") -> Refusal:
    """https://github.com/langgenius/dify/issues/9746"""
    hint = f" Use '{instead}' instead." if instead else ""
    return invalid(
        f"Unsupported parameter: '{name}' is not supported with this model.{hint}",
        name,
        "unsupported_parameter",
    )


def unsupported_value(name: str, message: str) -> Refusal:
    """real-traffic, error bodies: unsupported_value"""
    return invalid(f"Unsupported value: {message}", name, "unsupported_value")


def unrecognized(name: str) -> Refusal:
    """scenarios/streaming/include-usage-refused: how older front ends name a member they do not
    know."""
    return invalid(f"Unrecognized request argument supplied: {name}")


def unreadable(what: str = "JSON") -> Refusal:
    """The public service's text for a body that cannot be read; no Azure body is public."""
    return invalid(
        f"We could not parse the {what} body of your request. (HINT: This likely means you aren't using "
        "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
        "valid JSON. If you have trouble figuring out how to fix this, please contact us through our help "
        "center at help.openai.com.)"
    )


def bad_request(message: str) -> Refusal:
    """What a version does not have: code BadRequest (openclaw/openclaw issue 82025, Aider-AI/aider
    issue 4029)."""
    return _error(400, {"code": "BadRequest", "message": message})


def bad_key() -> Refusal:
    """Eight identical recordings, 224 bytes; wire-contract section 7."""
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
        "for an active subscription and use a correct regional API endpoint for your resource."
    )
    return _error(401, {"code": "401", "message": message}, Origin.GATE)


def bad_token() -> Refusal:
    """https://github.com/MuiseDestiny/zotero-gpt/issues/412: no error member around it."""
    message = (
        "Unauthorized. Access token is missing, invalid, audience is incorrect "
        "(https://cognitiveservices.azure.com), or have expired."
    )
    return Refusal(401, encode({"statusCode": 401, "message": message}, ordered=False), Origin.GATE)


def resource_not_found() -> Refusal:
    """openai/openai-python issue 362, with the space the service sends; 56 bytes."""
    return Refusal(404, b'{"error":{"code":"404","message": "Resource not found"}}', Origin.PATH)


def deployment_not_found(v1: bool) -> Refusal:
    """rashadphz/farfalle issue 79; since 2026 with a type, pretty-printed and without a content
    type."""
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
    """https://github.com/BerriAI/litellm/issues/13419 (Responses)"""
    return invalid(
        f"The requested model '{model}' with deployment name '{model}' does not exist.",
        "model",
        "model_not_found",
    )


def operation_not_supported(operation: str, model: str) -> Refusal:
    """https://github.com/langchain-ai/langmem/issues/13: no type, no param."""
    return _error(
        400,
        {
            "code": "OperationNotSupported",
            "message": f"The {operation} operation does not work with the specified model, {model}. Please "
            "choose different model and try again. You can learn more about which models can "
            "be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.",
        },
    )


def too_long(
    limit: int, used: int, param: str | None, code: str | None = "context_length_exceeded"
) -> Refusal:
    """https://github.com/Azure/azure-sdk-for-net/issues/41892"""
    return invalid(
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {used} "
        "tokens. Please reduce the length of the messages.",
        param,
        code,
    )


def prompt_filtered(block: dict[str, Any]) -> Refusal:
    """Recorded 400 of chat: type null, a numeric status, innererror (compl-ai/compl-ai issue
    20)."""
    return _error(
        400,
        {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
            + _READ_MORE,
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": block},
        },
    )


def response_filtered() -> Refusal:
    """Recorded 400 of Responses: a type, no innererror, a typographic apostrophe (real-traffic note
    9)."""
    return invalid(
        "The response was filtered due to the prompt triggering Azure OpenAI\u2019s content management "
        "policy. " + _READ_MORE,
        "prompt",
        "content_filter",
    )


def image_filtered(block: dict[str, Any], revised: str | None) -> Refusal:
    """https://github.com/BerriAI/litellm/issues/16072; revised_prompt by specification 2024-10-21
    dalleInnerError."""
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
            "message": "Your request was rejected as a result of our safety system. Your prompt may "
            "contain text that is not allowed by our safety system.",
        },
    )


def rate_limited(message: str, seconds: float, headers: tuple[tuple[str, str], ...]) -> Refusal:
    """https://github.com/dyad-sh/dyad/issues/1849; ``seconds`` to wait, in retry-after and,
    exactly, retry-after-ms."""
    milliseconds = max(1, -int(-seconds * 1000 // 1))
    retry = (("retry-after", str(-(-milliseconds // 1000))), ("retry-after-ms", str(milliseconds)))
    body = encode({"error": {"code": "429", "message": message}}, ordered=False)
    return Refusal(429, body, Origin.DEPLOYMENT, headers=(*retry, *headers))


def not_found(message: str, v1: bool) -> Refusal:
    """A stored thing that is not there. Classic: code notFound of the authoring enum; v1: the
    public service's shape.

    No such body was recorded on Azure.
    """
    if not v1:
        return _error(404, {"code": "notFound", "message": message}, Origin.STORE)
    refusal = invalid(message, status=404)
    refusal.origin = Origin.STORE
    return refusal


def payload(message: str, v1: bool, param: str | None = None) -> Refusal:
    """What files, batches and fine-tuning do not take: code invalidPayload of the authoring enum,
    or v1's shape."""
    refusal = (
        invalid(message, param)
        if v1
        else _error(400, {"code": "invalidPayload", "message": message})
    )
    refusal.origin = Origin.STORE
    return refusal


def conflict(message: str, v1: bool) -> Refusal:
    """An operation its object's state does not allow: code unexpectedEntityState of the authoring
    enum."""
    refusal = (
        invalid(message)
        if v1
        else _error(400, {"code": "unexpectedEntityState", "message": message})
    )
    refusal.origin = Origin.STORE
    return refusal


def limitation(what: str) -> Refusal:
    """Not the service's: the emulator cannot do ``what`` and says so rather than pretend."""
    return _error(
        400,
        {
            "code": "conformance_emulator_limitation",
            "type": "conformance_emulator",
            "param": None,
            "message": f"The conformance emulator cannot do this: {what}",
        },
    )
