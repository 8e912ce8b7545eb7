"""The headers of an answer, by how far its request came (wire-contract section 8, real-traffic note
16)."""

from __future__ import annotations

import time
from email.utils import formatdate

from conformance.service.emulator.answers import Answer, Origin
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.state import State
from conformance.suite.scenario.model import API_VERSIONS
from conformance.wire.exchange import Request

Pairs = tuple[tuple[str, str], ...]
_STRICT: Pairs = (
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("x-content-type-options", "nosniff"),
)
_SESSION = "d20260330170902-0e618f323d34"
_DATED = ",".join(version for version in API_VERSIONS if version != "v1")


def build(
    answer: Answer, origin: Origin, request: Request, state: State, call: ServiceCall | None
) -> Pairs:
    """Every header of ``answer``. ``call`` is None for a request that was refused before it found
    its deployment."""
    apim = state.uuid("apim")
    pairs: list[tuple[str, str]] = []
    if answer.content_type is not None:
        pairs.append(("Content-Type", answer.content_type))
    pairs += (
        [("Transfer-Encoding", "chunked")]
        if answer.streamed
        else [("Content-Length", str(len(answer.body)))]
    )
    pairs += [("Date", formatdate(state.now(), usegmt=True)), ("apim-request-id", apim)]
    if origin is not Origin.GATE:
        pairs += _STRICT
    if origin in (Origin.DEPLOYMENT, Origin.MODEL, Origin.STORE):
        pairs += [
            ("x-ms-region", state.config.region),
            ("x-ms-client-request-id", request.header("x-ms-client-request-id") or apim),
        ]
    if origin is Origin.MODEL:
        pairs += _of_model(answer, state, call)
    if origin is Origin.STORE:
        pairs += _of_store(state, call)
    return (*pairs, *answer.headers)


def _of_model(answer: Answer, state: State, call: ServiceCall | None) -> Pairs:
    """Only what a deployment answered, well or badly, has an x-request-id; the 401, 404 and 429 do
    not."""
    pairs: list[tuple[str, str]] = [("x-request-id", state.uuid("request"))]
    if answer.status >= 400:
        pairs += [
            ("ms-azureml-model-error-reason", "model_error"),
            ("ms-azureml-model-error-statuscode", str(answer.status)),
        ]
    if answer.by_image:
        pairs += [
            ("request-id", state.uuid("front")),
            ("api-supported-versions", "1"),
            ("x-envoy-upstream-service-time", "1000"),
        ]
    if call is None or call.deployment is None:
        return tuple(pairs)
    pairs += [
        ("x-ms-deployment-name", call.name),
        ("x-ms-rai-invoked", "true" if answer.filtered else "false"),
        ("azureml-model-session", _SESSION),
        ("x-ms-is-spilled-over", "false"),
        ("skip-error-remapping", "true"),
    ]
    if call.route.operation.capability in ("chat", "completions"):
        pairs.append(("x-accel-buffering", "no"))
    if call.v1:
        pairs += [
            ("x-ms-served-model", call.deployment.served),
            ("azureai-fe-is-streaming", str(answer.streamed)),
            ("azureai-fe-offer-type", "paygo"),
        ]
        if call.route.operation.capability == "responses":
            pairs.append(("x-ms-aoai-configured-data-retention-days", "30"))
    return (*pairs, *call.meter.headers(call.name, call.deployment.limits, state.now()))


def _of_store(state: State, call: ServiceCall | None) -> Pairs:
    capability = call.route.operation.capability if call is not None else ""
    if capability == "batch":
        return (
            ("mise-correlation-id", state.uuid("mise")),
            ("Request-Context", "appId="),
            ("x-ms-response-type", "standard"),
            ("x-aml-cluster", "vienna-conformance-01"),
        )
    if capability == "responses":
        return (("x-request-id", state.uuid("request")),)
    return (
        ("x-request-id", state.uuid("request")),
        ("api-supported-versions", _DATED),
        ("x-envoy-upstream-service-time", "41"),
    )


def wall(seconds: float) -> str:
    """``seconds`` since 1970 as a date and time of UTC, for signatures of addresses."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
