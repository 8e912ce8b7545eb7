"""Changes to a step that no rule may mind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.judge.rules import StepContext
from conformance.wire.exchange import Exchange, Response


def harmless(context: StepContext) -> StepContext:
    """The same step with the members of every body reversed, and headers nobody knows on both
    sides."""
    exchanges = tuple(_rewritten(exchange) for exchange in context.observation.exchanges)
    return replace(context, observation=replace(context.observation, exchanges=exchanges))


def _rewritten(exchange: Exchange) -> Exchange:
    request = replace(
        exchange.request,
        body=_reversed(exchange.request.body),
        headers=(("X-Unheard-Of", "1"), *exchange.request.headers),
    )
    response = exchange.response
    if response is not None:
        body = _reversed_events(response) if response.is_event_stream else _reversed_json(response)
        response = replace(response, body=body, headers=(("X-Unheard-Of", "1"), *response.headers))
    return replace(exchange, request=request, response=response)


def _reversed_json(response: Response) -> bytes:
    is_json = response.header("content-type") == "application/json"
    return _reversed(response.body) if is_json else response.body


def _reversed(body: bytes) -> bytes:
    try:
        return json.dumps(_turn(json.loads(body)), indent=1).encode()
    except ValueError:
        return body


def _turn(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turn(value[name]) for name in reversed(value)}
    return [_turn(item) for item in value] if isinstance(value, list) else value


def _reversed_events(response: Response) -> bytes:
    lines = response.body.decode().split("\n")
    turned = [
        f"data: {json.dumps(_turn(json.loads(line[6:])))}" if line.startswith("data: {") else line
        for line in lines
    ]
    return "\r\n".join([": a comment", "", *turned]).encode()
