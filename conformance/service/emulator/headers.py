"""The headers of an answer, by how far its request came (facts/service#headers,
facts/traffic#n16)."""

from __future__ import annotations

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
    answer: Answer, origin: Origin, *, request: Request, state: State, call: ServiceCall | None
) -> Pairs:
    """Every header of ``answer``. ``call`` is None for a request that was refused before it found
    its deployment."""
    apim = state.uuid("apim")
    pairs: list[tuple[str, str]] = []
    if answer.content_type is not None:
        pairs.append(("Content-Type", answer.content_type))
    if answer.streamed:
        pairs.append(("Transfer-Encoding", "chunked"))
    else:
        pairs.append(("Content-Length", str(len(answer.body))))
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
    """The headers of what a deployment answered."""
    # Of all refusals only those of a deployment have an x-request-id: the recorded 401, 404 and 429
    # have none (facts/service#x-request-id).
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
        ("x-ms-rai-invoked", str(answer.filtered).lower()),
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
    """The headers of what needs no deployment."""
    capability = ""
    if call is not None:
        capability = call.route.operation.capability
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
