"""The models of a resource. On the two surfaces they have only ``id`` and ``object`` in common
(facts/service#models)."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.answers import JSON_UTF8, Answer, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.config import Deployment, EmulatorConfig

_CREATED = 1_715_367_049
_RETIRES = 1_830_297_600
"""Unix seconds, the same for every model."""


def list_all(call: ServiceCall) -> Answer:
    """Every model, by name."""
    models = known(call.state.config)
    data = [_described(name, models[name], call.v1) for name in sorted(models)]
    return json_answer({"object": "list", "data": data}, content_type=JSON_UTF8)


def retrieve(call: ServiceCall) -> Answer:
    """The model by its dated name, the name of a deployment of it, or its plain name. Raises
    Refusal."""
    config, name = call.state.config, call.route.arguments["model"]
    models = known(config)
    plain_names = {model.model: model for model in reversed(models.values())}
    model = models.get(name) or config.deployments.get(name) or plain_names.get(name)
    if model is None:
        raise errors.not_found(f"The model '{name}' does not exist", call.v1)
    return json_answer(_described(model.served, model, call.v1), content_type=JSON_UTF8)


def known(config: EmulatorConfig) -> dict[str, Deployment]:
    """One deployment of each model, by the model's dated name."""
    return {deployment.served: deployment for deployment in config.deployments.values()}


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
