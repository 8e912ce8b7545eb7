"""Reading which functions a request offers, in the three ways there are, and which of them it
insists on."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.structured import check_strict
from conformance.service.emulator.validation import wrong_choice, wrong_type
from conformance.service.emulator.writer import OfferedFunction

_CHOICES = ("none", "auto", "required")


def chat_tools(body: dict[str, Any]) -> tuple[OfferedFunction, ...]:
    """The functions of ``tools`` or of the deprecated ``functions``. Raises Refusal for a malformed
    one."""
    tools = body.get("tools")
    if tools is not None:
        for index, tool in enumerate(tools):
            if tool.get("type") != "function":
                _wrong_type_of(tool.get("type"), f"tools[{index}].type")
            if not isinstance(tool.get("function"), dict):
                raise errors.missing(f"tools[{index}].function")
        return tuple(
            _tool(tool["function"], f"tools[{index}].function") for index, tool in enumerate(tools)
        )
    return tuple(
        _tool(one, f"functions[{index}]") for index, one in enumerate(body.get("functions") or ())
    )


def response_tools(body: dict[str, Any]) -> tuple[OfferedFunction, ...]:
    """The functions among the tools of a Responses request; tools the service hosts are accepted
    and never used."""
    found = []
    for index, tool in enumerate(body.get("tools") or ()):
        if not _is_name(tool.get("type")):
            _wrong_type_of(tool.get("type"), f"tools[{index}].type")
        if tool["type"] == "function":
            found.append(_tool(tool, f"tools[{index}]"))
    return tuple(found)


def choice(body: dict[str, Any], tools: tuple[OfferedFunction, ...]) -> str:
    """auto, none, required, or the name of the tool that must be called."""
    name = (
        "tool_choice"
        if body.get("tools") is not None or "function_call" not in body
        else "function_call"
    )
    wanted = body.get(name)
    if wanted is None:
        return "auto"
    if not tools and name == "tool_choice" and not body.get("tools"):
        raise errors.invalid("'tool_choice' is only allowed when 'tools' are specified.", name)
    if isinstance(wanted, str):
        if wanted not in _CHOICES:
            raise wrong_choice(name, wanted, _CHOICES)
        return wanted
    if name == "tool_choice" and not _is_name(wanted.get("type")):
        raise errors.missing("tool_choice.type")
    inner = wanted.get("function") if isinstance(wanted.get("function"), dict) else wanted
    called = inner.get("name") if isinstance(inner, dict) else None
    if called is None and wanted.get("type") not in (None, "function"):
        return "auto"
    if not isinstance(called, str) or called not in {tool.name for tool in tools}:
        raise errors.invalid(
            f"Tool choice '{called}' not found in 'tools' parameter."
            if called
            else f"Missing required parameter: '{name}.function.name'.",
            name,
        )
    return called


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _tool(function: dict[str, Any], place: str) -> OfferedFunction:
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not name:
        raise errors.missing(f"{place}.name")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong_type(f"{place}.parameters", ["object"], parameters)
    if function.get("strict") is True and parameters is not None:
        check_strict(
            name, parameters, f"{place}.parameters", "function", "invalid_function_parameters"
        )
    return OfferedFunction(name, parameters)


def _wrong_type_of(kind: Any, place: str) -> None:
    if kind is None:
        raise errors.missing(place)
    if not isinstance(kind, str):
        raise wrong_type(place, ["string"], kind)
    raise wrong_choice(place, kind, ("function",))
