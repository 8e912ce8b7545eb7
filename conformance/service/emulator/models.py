"""The models of a resource. The two surfaces share only ``id`` and ``object`` (wire-contract
section 9)."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.answers import JSON_UTF8, Answer, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.config import Deployment, EmulatorConfig

_CREATED = 1_715_367_049
_RETIRES = 1_830_297_600


def list_all(call: ServiceCall) -> Answer:
    models = known(call.state.config)
    data = [_described(name, models[name], call.v1) for name in sorted(models)]
    return json_answer({"object": "list", "data": data}, content_type=JSON_UTF8)


def retrieve(call: ServiceCall) -> Answer:
    """The model by its dated name, its plain name, or the name of a deployment of it. Raises
    Refusal."""
    config, wanted = call.state.config, call.route.arguments["model"]
    models = known(config)
    found = (
        models.get(wanted)
        or config.deployments.get(wanted)
        or next((one for one in models.values() if one.model == wanted), None)
    )
    if found is None:
        refusal = errors.not_found(f"The model '{wanted}' does not exist", call.v1)
        raise refusal
    return json_answer(_described(found.served, found, call.v1), content_type=JSON_UTF8)


def known(config: EmulatorConfig) -> dict[str, Deployment]:
    """One deployment of each model, by the model's dated name."""
    return {one.served: one for one in config.deployments.values()}


def _described(name: str, model: Deployment, v1: bool) -> dict[str, Any]:
    if v1:
        return {"id": name, "object": "model", "created": _CREATED, "owned_by": "system"}
    capabilities = {
        "fine_tune": "gpt-4o-mini" in name,
        "inference": True,
        "completion": model.can("completions"),
        "chat_completion": model.can("chat"),
        "embeddings": model.can("embeddings"),
    }
    return {
        "id": name,
        "object": "model",
        "created_at": _CREATED,
        "updated_at": _CREATED,
        "status": "succeeded",
        "capabilities": capabilities,
        "lifecycle_status": "generally-available",
        "deprecation": {"inference": _RETIRES},
    }
