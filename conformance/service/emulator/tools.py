"""Reading which functions a request offers (chat's ``tools``, chat's deprecated ``functions``, and
the ``tools`` of Responses) and which of them it insists on."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.answers import Refusal
from conformance.service.emulator.structured import check_strict
from conformance.service.emulator.validation import (
    missing_or_wrong_type,
    wrong_choice,
    wrong_type,
)
from conformance.service.emulator.writer import OfferedFunction

_CHOICES = ("none", "auto", "required")


def chat_tools(body: dict[str, Any]) -> tuple[OfferedFunction, ...]:
    """The functions of ``tools`` or of the deprecated ``functions``. Raises Refusal for a malformed
    one."""
    tools = body.get("tools")
    if tools is not None:
        for index, tool in enumerate(tools):
            if tool.get("type") != "function":
                raise _no_type_of_tool(tool.get("type"), f"tools[{index}].type")
            if not isinstance(tool.get("function"), dict):
                raise errors.missing(f"tools[{index}].function")
        return tuple(
            _offered(tool["function"], f"tools[{index}].function")
            for index, tool in enumerate(tools)
        )
    return tuple(
        _offered(function, f"functions[{index}]")
        for index, function in enumerate(body.get("functions") or ())
    )


def response_tools(body: dict[str, Any]) -> tuple[OfferedFunction, ...]:
    """The functions among the tools of a Responses request. Tools that the service hosts are
    accepted and never used. Raises Refusal for a malformed function."""
    functions = []
    for index, tool in enumerate(body.get("tools") or ()):
        if not _is_name(tool.get("type")):
            raise _no_type_of_tool(tool.get("type"), f"tools[{index}].type")
        if tool["type"] == "function":
            functions.append(_offered(tool, f"tools[{index}]"))
    return tuple(functions)


def choice(body: dict[str, Any], functions: tuple[OfferedFunction, ...]) -> str:
    """auto, none, required, or the name of the one of ``functions`` that must be called. Raises
    Refusal."""
    name = "tool_choice"
    if body.get("tools") is None and "function_call" in body:
        name = "function_call"
    asked = body.get(name)
    if asked is None:
        return "auto"
    if not functions and name == "tool_choice" and not body.get("tools"):
        raise errors.invalid("'tool_choice' is only allowed when 'tools' are specified.", name)
    if isinstance(asked, str):
        if asked not in _CHOICES:
            raise wrong_choice(name, asked, _CHOICES)
        return asked
    if name == "tool_choice" and not _is_name(asked.get("type")):
        raise errors.missing("tool_choice.type")
    # Chat has the name in a member ``function``, Responses and the deprecated way beside the type.
    function = asked.get("function")
    if not isinstance(function, dict):
        function = asked
    called = function.get("name")
    if called is None and asked.get("type") not in (None, "function"):
        return "auto"  # a tool that the service hosts
    if not called:
        raise errors.invalid(f"Missing required parameter: '{name}.function.name'.", name)
    if not isinstance(called, str) or called not in {function.name for function in functions}:
        raise errors.invalid(f"Tool choice '{called}' not found in 'tools' parameter.", name)
    return called


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _offered(function: dict[str, Any], place: str) -> OfferedFunction:
    """The function at ``place`` of a request. Raises Refusal."""
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not name:
        raise errors.missing(f"{place}.name")
    if parameters is not None and not isinstance(parameters, dict):
        raise wrong_type(f"{place}.parameters", ["object"], parameters)
    if function.get("strict") is True and parameters is not None:
        check_strict(
            name,
            parameters,
            param=f"{place}.parameters",
            what="function",
            code="invalid_function_parameters",
        )
    return OfferedFunction(name, parameters)


def _no_type_of_tool(kind: Any, place: str) -> Refusal:
    """The refusal of ``kind`` where the type of a tool is required."""
    if isinstance(kind, str):
        return wrong_choice(place, kind, ("function",))
    return missing_or_wrong_type(place, "string", kind)
