"""The emulated resource: requests in, replies out. It has no sockets; a lane or a peer serves it.

What it answers rests on facts/service#operations and what follows there. What it cannot do stands
in docs/emulator.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from conformance.service.emulator import (
    audio,
    auth,
    batches,
    chat,
    completions,
    embeddings,
    errors,
    files,
    fine_tuning,
    headers,
    images,
    models,
    responses,
)
from conformance.service.emulator.answers import Answer, Origin, Refusal
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.config import EmulatorConfig
from conformance.service.emulator.limits import Meter
from conformance.service.emulator.routes import Route, find_route, image_name
from conformance.service.emulator.state import State
from conformance.service.emulator.validation import read_json
from conformance.wire.exchange import Provenance, Reply, Request, Response, Source
from conformance.wire.multipart import parse_multipart

PROVENANCE = Provenance(Source.EMULATOR, "conformance.service.emulator")

Handler = Callable[[ServiceCall], Answer]

_HANDLERS: Mapping[str, Handler] = {
    "chat.completions.create": chat.create,
    "completions.create": completions.create,
    "embeddings.create": embeddings.create,
    "audio.transcriptions.create": audio.transcribe,
    "audio.translations.create": audio.translate,
    "audio.speech.create": audio.speak,
    "images.generate": images.generate,
    "images.edit": images.edit,
    "responses.create": responses.create,
    "responses.retrieve": responses.retrieve,
    "responses.delete": responses.delete,
    "responses.input_items.list": responses.list_input_items,
    "files.create": files.create,
    "files.list": files.list_all,
    "files.retrieve": files.retrieve,
    "files.content": files.content,
    "files.delete": files.delete,
    "batches.create": batches.create,
    "batches.retrieve": batches.retrieve,
    "batches.list": batches.list_all,
    "batches.cancel": batches.cancel,
    "fine_tuning.jobs.create": fine_tuning.create,
    "fine_tuning.jobs.retrieve": fine_tuning.retrieve,
    "fine_tuning.jobs.list": fine_tuning.list_all,
    "fine_tuning.jobs.cancel": fine_tuning.cancel,
    "fine_tuning.jobs.list_events": fine_tuning.list_events,
    "models.list": models.list_all,
    "models.retrieve": models.retrieve,
}


class Emulator:
    """An Azure OpenAI resource that answers requests: a player for the in-process lane and for a
    loopback peer.

    It never raises for what it is sent. Answers follow from the configuration and the earlier
    requests, so two emulators with the same seed, clock and requests answer alike. ``answer`` may
    be called from any thread; requests are answered one at a time.
    """

    def __init__(self, config: EmulatorConfig | None = None) -> None:
        self.config = config or EmulatorConfig()
        self._state = State(self.config)
        self._meter = Meter()

    def answer(self, request: Request) -> Reply:
        """The reply to ``request``, with provenance EMULATOR."""
        with self._state.lock:
            self._state.arrived()
            return Reply(self._respond(request, self._meter, admitted=False))

    def _perform(self, request: Request) -> Response:
        """The answer to a request that the emulator itself makes. It needs no credentials and takes
        nothing from the quota."""
        return self._respond(request, Meter(), admitted=True)

    def _respond(self, request: Request, meter: Meter, *, admitted: bool) -> Response:
        """The answer to ``request``. ``admitted``: its credentials are not asked for."""
        call: ServiceCall | None = None
        try:
            if (image := image_name(request)) is not None:
                return self._send(images.fetch(image, self._state), Origin.PATH, request, None)
            route = find_route(request)
            if not admitted:
                auth.admit(request, self.config, route.v1)
            call = ServiceCall(
                request=request,
                route=route,
                state=self._state,
                meter=meter,
                perform=self._perform,
                body={},
                metered=not admitted,
            )
            call = self._with_deployment(self._with_body(call))
            answer = _HANDLERS[route.operation.id](call)
            origin = Origin.MODEL
            if call.deployment is None:
                origin = Origin.STORE
        except Refusal as refusal:
            answer = Answer(refusal.body, refusal.content_type, refusal.status, refusal.headers)
            origin = refusal.origin
        return self._send(answer, origin, request, call)

    def _send(
        self, answer: Answer, origin: Origin, request: Request, call: ServiceCall | None
    ) -> Response:
        pairs = headers.build(answer, origin, request=request, state=self._state, call=call)
        return Response(answer.status, pairs, answer.body, PROVENANCE, chunks=answer.chunks)

    def _with_body(self, call: ServiceCall) -> ServiceCall:
        if call.route.operation.body != "json":
            return call
        return replace(call, body=read_json(call.request.body))

    def _with_deployment(self, call: ServiceCall) -> ServiceCall:
        """``call`` with the deployment its operation needs; takes one request from the deployment's
        quota. Raises Refusal."""
        need = call.route.operation.model
        if need is None:
            return call
        name = _deployment_name(call)
        deployment = self.config.deployments.get(name)
        if deployment is None:
            raise _no_deployment(call.route, name)
        if not deployment.can(need.capability):
            raise errors.operation_not_supported(need.refused_as, deployment.model)
        call = replace(call, name=name, deployment=deployment)
        call.charge(0, requests=1)
        return call


def _deployment_name(call: ServiceCall) -> str:
    """The deployment a request is for: the one in its path, else its member ``model``. Raises
    Refusal."""
    if call.route.deployment is not None:
        return call.route.deployment
    name = call.body.get("model")
    if call.route.operation.body == "multipart":
        parts = parse_multipart(call.request.body, call.request.header("content-type") or "")
        names = [part.content.decode("utf-8", "replace") for part in parts if part.name == "model"]
        name = "".join(names[:1])
    if not isinstance(name, str) or not name:
        raise errors.missing("model")
    return name


def _no_deployment(route: Route, name: str) -> Refusal:
    if route.operation.capability == "responses":
        return errors.model_not_found(name)
    return errors.deployment_not_found(route.v1)
