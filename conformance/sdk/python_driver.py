"""Drives the Python ``openai`` package, any version from 1.40: plain dicts in, plain dicts out.

The dicts are :mod:`conformance.wire.protocol`'s values in JSON form. The ``python_*.py`` files need
nothing but the standard library and the SDK: the same files run, side by side, where the harness is
not installed. ``openai`` and ``azure.identity`` are imported on first use.

``build_client`` and ``perform`` never raise for what the SDK does: a client that cannot be built, a
call that is refused and an operation this version lacks are all outcomes. What they do raise is a
defect of the driver.
"""

from __future__ import annotations

import base64
import functools
import importlib
import inspect
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from . import python_errors as errors
    from . import python_views as views
else:
    import python_errors as errors
    import python_views as views

SCOPE = "https://cognitiveservices.azure.com/.default"
"""The audience of Entra tokens for the service, as the article's keyless samples have it."""

_OWN_VARIABLES = ("AZURE_", "OPENAI_")
_TENANT = "00000000-0000-0000-0000-000000000001"
_CLIENT_ID = "00000000-0000-0000-0000-000000000002"
_CLIENT_SECRET = "conformance-not-a-secret"  # noqa: S105 - a value no directory knows


class UnsupportedError(Exception):
    """This version of the SDK has no such thing; the text says what."""


@dataclass(slots=True)
class Handle:
    """A built client, or the outcome (``failure``) that building it came to."""

    client: Any
    surface: str
    environment: tuple[tuple[str, str], ...] = ()
    failure: dict[str, Any] | None = None
    tokens: Tokens | None = None
    credential: Any = None


@dataclass(slots=True)
class Tokens:
    """A token provider that answers ``values`` in turn, the last for ever, and counts how often it
    was called."""

    values: tuple[str, ...]
    inner: Callable[[], str] | None = None
    calls: int = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.inner is not None:
            return self.inner()
        return self.values[min(self.calls, len(self.values)) - 1] if self.values else ""

    async def asynchronous(self) -> str:
        return self()


@dataclass(slots=True)
class _Plan:
    """A call resolved to a method of the SDK and its keyword arguments."""

    method: Callable[..., Any]
    keywords: dict[str, Any] = field(default_factory=dict)
    limit: int | None = None


@functools.cache
def _openai() -> Any:
    return importlib.import_module("openai")


def version() -> str:
    """The version of ``openai``, as it says itself."""
    return str(_openai().__version__)


def operations() -> list[str]:
    """Every operation this version has, of those whose answers can be read."""
    client = _openai().AzureOpenAI(
        api_key="none", azure_endpoint="http://localhost", api_version="none"
    )

    def has(operation: str) -> bool:
        try:
            return _method(client, operation) is not None
        except UnsupportedError:
            return False

    return [operation for operation in views.VIEWS if has(operation)]


def build_client(client: dict[str, Any]) -> Handle:
    """The client that ``client`` (a ClientConfig) describes."""
    environment = tuple((name, value) for name, value in client.get("environment") or ())
    handle = Handle(None, client.get("surface", "sync"), environment)
    with _environment(environment):
        try:
            _build(handle, client)
        except UnsupportedError as error:
            handle.failure = {"status": "unsupported", "reason": str(error)}
        except Exception as error:
            handle.failure = {"status": "error", "error": errors.describe(error)}
    return handle


def perform(handle: Handle, call: dict[str, Any]) -> dict[str, Any]:
    """Perform ``call`` (a Call) on a synchronous client; an Outcome."""
    if handle.failure is not None:
        return handle.failure
    items: list[Any] | None = None
    with _environment(handle.environment):
        try:
            plan = _plan(handle.client, call)
            result = plan.method(**plan.keywords)
            if isinstance(result, _openai().Stream):
                items = []
                _consume(result, items, plan.limit)
        except Exception as error:
            return _failed(handle, call, error, items)
    return _succeeded(handle, call, result, items)


async def perform_async(handle: Handle, call: dict[str, Any]) -> dict[str, Any]:
    """The same on an asynchronous client."""
    if handle.failure is not None:
        return handle.failure
    items: list[Any] | None = None
    with _environment(handle.environment):
        try:
            plan = _plan(handle.client, call)
            result = await plan.method(**plan.keywords)
            if isinstance(result, _openai().AsyncStream):
                items = []
                await _consume_async(result, items, plan.limit)
        except Exception as error:
            return _failed(handle, call, error, items)
    return _succeeded(handle, call, result, items)


def close(handle: Handle) -> None:
    """Close a synchronous client and what it was given."""
    if handle.client is not None:
        handle.client.close()
    if handle.credential is not None:
        handle.credential.close()


async def close_async(handle: Handle) -> None:
    """The same for an asynchronous client."""
    if handle.client is not None:
        await handle.client.close()
    if handle.credential is not None:
        handle.credential.close()


# Building


def _build(handle: Handle, client: dict[str, Any]) -> None:
    sdk = _openai()
    asynchronous = handle.surface == "async"
    options: dict[str, Any] = {}
    for name in ("max_retries", "timeout"):
        if client.get(name) is not None:
            options[name] = client[name]
    if client.get("headers"):
        options["default_headers"] = dict(client["headers"])
    endpoint = client["endpoint"]
    if client.get("api") == "v1":
        # Azure classes on a v1 base URL still insert /deployments/{model} (sdk-behaviour 1.2), so
        # the article's way.
        kind = sdk.AsyncOpenAI if asynchronous else sdk.OpenAI
        options["base_url"] = f"{endpoint.rstrip('/')}/openai/v1/"
        _authenticate_v1(handle, client.get("auth") or {}, kind, options)
    else:
        kind = sdk.AsyncAzureOpenAI if asynchronous else sdk.AzureOpenAI
        options |= {"azure_endpoint": endpoint, "api_version": client["api_version"]}
        if client.get("deployment") is not None:
            options["azure_deployment"] = client["deployment"]
        _authenticate_azure(handle, client.get("auth") or {}, options)
    handle.client = kind(**options)


def _authenticate_azure(handle: Handle, auth: dict[str, Any], options: dict[str, Any]) -> None:
    match auth.get("kind", "api_key"):
        case "api_key":
            options["api_key"] = auth.get("key", "")
        case "token":
            options["azure_ad_token"] = _first(auth)
        case "token_provider" | "credential" as kind:
            tokens = handle.tokens = _tokens(handle, auth, kind)
            options["azure_ad_token_provider"] = (
                tokens.asynchronous if handle.surface == "async" else tokens
            )


def _authenticate_v1(
    handle: Handle, auth: dict[str, Any], kind: Any, options: dict[str, Any]
) -> None:
    match auth.get("kind", "api_key"):
        case "api_key":
            options["api_key"] = auth.get("key", "")
        case "token":
            options["api_key"] = _first(auth)
        case "token_provider" | "credential" as how:
            if not _takes_callable_key(kind):
                raise UnsupportedError(
                    f"openai {_openai().__version__} has no callable api_key, so a {how} has no "
                    "place on the v1 surface"
                )
            tokens = handle.tokens = _tokens(handle, auth, how)
            options["api_key"] = tokens.asynchronous if handle.surface == "async" else tokens


def _first(auth: dict[str, Any]) -> str:
    tokens = auth.get("tokens") or ("",)
    return str(tokens[0])


@functools.cache
def _takes_callable_key(kind: Any) -> bool:
    return "Callable" in str(inspect.signature(kind.__init__).parameters["api_key"].annotation)


def _tokens(handle: Handle, auth: dict[str, Any], kind: str) -> Tokens:
    if kind == "token_provider":
        return Tokens(tuple(auth.get("tokens") or ()))
    # azure.identity.aio needs aiohttp, which neither SDK brings along. The asynchronous client
    # documents a synchronous provider as well, so both surfaces use the same credential and differ
    # by nothing that is installed by chance.
    try:
        identity = importlib.import_module("azure.identity")
    except ImportError as error:
        raise UnsupportedError("azure-identity is not installed") from error
    # An authority of our own is none that Microsoft's list of instances knows.
    elsewhere = (
        {"authority": auth["authority"], "disable_instance_discovery": True}
        if auth.get("authority")
        else {}
    )
    handle.credential = identity.ClientSecretCredential(
        _TENANT, _CLIENT_ID, _CLIENT_SECRET, **elsewhere
    )
    return Tokens((), identity.get_bearer_token_provider(handle.credential, SCOPE))


@contextmanager
def _environment(given: tuple[tuple[str, str], ...]) -> Iterator[None]:
    """Only ``given`` of the variables that openai and azure-identity read by themselves
    (sdk-behaviour section 2)."""
    own = [name for name in os.environ if name.startswith(_OWN_VARIABLES)]
    if len(own) == len(given) and all(os.environ.get(name) == value for name, value in given):
        # as it is already: an adapter process is started with what is given, and runs many calls at
        # once
        yield
        return
    saved = {name: os.environ.get(name) for name in {*own, *(name for name, _ in given)}}
    for name in own:
        del os.environ[name]
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in saved.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# Calling


def _plan(client: Any, call: dict[str, Any]) -> _Plan:
    options = call.get("options") or {}
    if options.get("max_retries") is not None:
        client = client.with_options(max_retries=options["max_retries"])  # the article's way (D23)
    method = _method(client, call["operation"])
    function = getattr(method, "__func__", method)
    known, is_get = _parameters(function)
    plan = _Plan(_quiet(method) if hasattr(function, "__deprecated__") else method)
    unknown: dict[str, Any] = {}
    for name, value in call["arguments"].items():
        (plan.keywords if name in known else unknown)[name] = _with_files(value)
    if unknown:
        plan.keywords["extra_query" if is_get else "extra_body"] = unknown
    if options.get("timeout") is not None:
        plan.keywords["timeout"] = options["timeout"]
    if options.get("headers"):
        plan.keywords["extra_headers"] = dict(options["headers"])
    if options.get("query"):
        plan.keywords["extra_query"] = {
            **plan.keywords.get("extra_query", {}),
            **dict(options["query"]),
        }
    stream = call.get("stream")
    if stream is not None:
        if "stream" not in known:
            raise UnsupportedError(
                f"openai {_openai().__version__} cannot stream {call['operation']}"
            )
        plan.keywords["stream"] = True
        plan.limit = stream.get("count") if stream.get("consume") == "first" else None
    return plan


def _method(client: Any, operation: str) -> Callable[..., Any]:
    found = client
    for name in operation.split("."):
        found = getattr(found, name, None)
        if found is None:
            raise UnsupportedError(f"openai {_openai().__version__} has no {operation}")
    return found  # type: ignore[no-any-return]


def _quiet(method: Callable[..., Any]) -> Callable[..., Any]:
    """``method``, which the SDK marks deprecated, without the warning: where warnings are errors it
    would be one."""

    def called(**keywords: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return method(**keywords)

    return called


@functools.cache
def _parameters(function: Any) -> tuple[frozenset[str], bool]:
    """Names ``function`` accepts, and whether it sends no body (then unknown names belong into the
    query)."""
    names = frozenset(inspect.signature(function).parameters) - {"self"}
    return names, function.__name__ in ("list", "retrieve", "list_events", "content")


def _with_files(value: Any) -> Any:
    if isinstance(value, dict) and "$file" in value:
        file = value["$file"]
        content = base64.b64decode(file.get("base64", ""))
        kind = file.get("content_type")
        return (
            (file.get("name", "file"), content, kind)
            if kind
            else (file.get("name", "file"), content)
        )
    if isinstance(value, list) and any(
        isinstance(item, dict) and "$file" in item for item in value
    ):
        return [_with_files(item) for item in value]
    return value


def _consume(stream: Any, items: list[Any], limit: int | None) -> None:
    if limit == 0:
        stream.close()
        return
    for item in stream:
        items.append(item)
        if limit is not None and len(items) >= limit:
            stream.close()
            return


async def _consume_async(stream: Any, items: list[Any], limit: int | None) -> None:
    if limit == 0:
        await stream.close()
        return
    async for item in stream:
        items.append(item)
        if limit is not None and len(items) >= limit:
            await stream.close()
            return


# Outcomes


def _succeeded(
    handle: Handle, call: dict[str, Any], result: Any, items: list[Any] | None
) -> dict[str, Any]:
    operation = call["operation"]
    outcome: dict[str, Any] = {"status": "ok"}
    if items is None:
        outcome["result"] = views.serialised(result)
        outcome["view"] = views.view(operation, result)
        outcome["request_id"] = getattr(result, "_request_id", None)
    else:
        _add_stream(outcome, operation, items)
    if handle.tokens is not None:
        outcome["token_calls"] = handle.tokens.calls
    return outcome


def _failed(
    handle: Handle, call: dict[str, Any], error: Exception, items: list[Any] | None
) -> dict[str, Any]:
    if isinstance(error, UnsupportedError):
        return {"status": "unsupported", "reason": str(error)}
    outcome: dict[str, Any] = {"status": "error", "error": errors.describe(error)}
    outcome["request_id"] = outcome["error"]["request_id"]
    if items is not None:
        _add_stream(outcome, call["operation"], items)
    if handle.tokens is not None:
        outcome["token_calls"] = handle.tokens.calls
    return outcome


def _add_stream(outcome: dict[str, Any], operation: str, items: list[Any]) -> None:
    outcome["chunks"] = [views.serialised(item) for item in items]
    outcome["view"] = views.stream_view(operation, items)
