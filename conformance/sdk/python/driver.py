"""Builds clients of the Python ``openai`` package and performs calls: plain dicts in and out.

The dicts are the values of :mod:`conformance.wire.protocol` in JSON form. ``openai`` and
``azure.identity`` are imported on first use.

``build_client`` and ``perform`` never raise for what the SDK does: a client that cannot be built, a
call that is refused and an operation that this version lacks are all outcomes. What they do raise
is a defect of the driver.
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
from typing import Any

from . import errors, views

SCOPE = "https://cognitiveservices.azure.com/.default"
"""The audience of Entra tokens for the service, as in the keyless samples of the article."""

_PREFIXES = ("AZURE_", "OPENAI_")
"""Beginnings of the names of variables that openai and azure-identity read by themselves."""
_TENANT = "00000000-0000-0000-0000-000000000001"
_CLIENT_ID = "00000000-0000-0000-0000-000000000002"
_CLIENT_SECRET = "conformance-not-a-secret"  # noqa: S105 - a value no directory knows


class UnsupportedError(Exception):
    """This version of the SDK lacks something; the text says what."""


@dataclass(slots=True)
class Handle:
    """A built client; or, where building it failed, that outcome in ``failure``.

    ``tokens`` and ``credential`` are what the client authenticates with, where it is one of these.
    """

    client: Any
    surface: str
    environment: tuple[tuple[str, str], ...] = ()
    failure: dict[str, Any] | None = None
    tokens: Tokens | None = None
    credential: Any = None


@dataclass(slots=True)
class Tokens:
    """A token provider that counts its calls. It returns ``values`` in turn and the last one for
    ever, or what ``inner`` returns."""

    values: tuple[str, ...]
    inner: Callable[[], str] | None = None
    calls: int = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.inner is not None:
            return self.inner()
        if not self.values:
            return ""
        return self.values[min(self.calls, len(self.values)) - 1]

    async def asynchronous(self) -> str:
        """The same for an asynchronous client."""
        return self()

    def for_surface(self, surface: str) -> Any:
        """The callable that a client of ``surface`` takes."""
        if surface == "async":
            return self.asynchronous
        return self


@dataclass(slots=True)
class _Plan:
    """A call as the SDK takes it: a method and its keyword arguments. ``limit`` is how many events
    of a stream are read; None for all."""

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
    """Every operation that this version has and whose answers have a view."""
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
    """Build the client that ``client`` (a ClientConfig) describes."""
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
    """Perform ``call`` (a Call) on a synchronous client. Returns an Outcome."""
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
        # As in the article: the classes for Azure insert /deployments/{model} on a v1 base URL too
        # (docs/facts/sdks.md#v1-base-url).
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
            options["azure_ad_token_provider"] = tokens.for_surface(handle.surface)


def _authenticate_v1(
    handle: Handle, auth: dict[str, Any], kind: Any, options: dict[str, Any]
) -> None:
    match auth.get("kind", "api_key"):
        case "api_key":
            options["api_key"] = auth.get("key", "")
        case "token":
            options["api_key"] = _first(auth)
        case "token_provider" | "credential" as credential:
            if not _takes_callable_key(kind):
                raise UnsupportedError(
                    f"openai {_openai().__version__} has no callable api_key, so a "
                    f"{credential} has no place on the v1 surface"
                )
            tokens = handle.tokens = _tokens(handle, auth, credential)
            options["api_key"] = tokens.for_surface(handle.surface)


def _first(auth: dict[str, Any]) -> str:
    tokens = auth.get("tokens") or ("",)
    return str(tokens[0])


@functools.cache
def _takes_callable_key(kind: Any) -> bool:
    """Whether clients of class ``kind`` take a function in place of a key."""
    return "Callable" in str(inspect.signature(kind.__init__).parameters["api_key"].annotation)


def _tokens(handle: Handle, auth: dict[str, Any], kind: str) -> Tokens:
    """The token provider that ``auth`` asks for; ``handle`` gets the credential it is made of."""
    if kind == "token_provider":
        return Tokens(tuple(auth.get("tokens") or ()))
    # azure.identity.aio needs aiohttp, which neither SDK brings along. The asynchronous client
    # documents a synchronous provider as well, so both surfaces use the same credential and differ
    # by nothing that is installed by chance.
    try:
        identity = importlib.import_module("azure.identity")
    except ImportError as error:
        raise UnsupportedError("azure-identity is not installed") from error
    options: dict[str, Any] = {}
    if auth.get("authority"):
        # Microsoft's list of authorities does not know the harness's, so it must not be asked.
        options = {"authority": auth["authority"], "disable_instance_discovery": True}
    handle.credential = identity.ClientSecretCredential(
        _TENANT, _CLIENT_ID, _CLIENT_SECRET, **options
    )
    return Tokens((), identity.get_bearer_token_provider(handle.credential, SCOPE))


@contextmanager
def _environment(variables: tuple[tuple[str, str], ...]) -> Iterator[None]:
    """Hide every variable that openai and azure-identity read by themselves, but for ``variables``
    (docs/facts/sdks.md#environment)."""
    present = [name for name in os.environ if name.startswith(_PREFIXES)]
    if len(present) == len(variables) and all(
        os.environ.get(name) == value for name, value in variables
    ):
        # Nothing to hide. An adapter process is started with these variables, and must not change
        # them: it performs many calls at once.
        yield
        return
    saved = {name: os.environ.get(name) for name in {*present, *(name for name, _ in variables)}}
    for name in present:
        del os.environ[name]
    os.environ.update(variables)
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
    """Raises UnsupportedError when this version lacks the operation, or cannot stream it."""
    options = call.get("options") or {}
    if options.get("max_retries") is not None:
        # As in the article: methods take no number of retries (docs/facts/sdks.md#d23).
        client = client.with_options(max_retries=options["max_retries"])
    method = _method(client, call["operation"])
    function = getattr(method, "__func__", method)
    parameters, is_get = _parameters(function)
    if hasattr(function, "__deprecated__"):
        method = _quiet(method)
    plan = _Plan(method)
    unknown: dict[str, Any] = {}
    for name, value in call["arguments"].items():
        if name in parameters:
            plan.keywords[name] = _with_files(value)
        else:
            unknown[name] = _with_files(value)
    if unknown:
        plan.keywords["extra_query" if is_get else "extra_body"] = unknown
    if options.get("timeout") is not None:
        plan.keywords["timeout"] = options["timeout"]
    if options.get("headers"):
        plan.keywords["extra_headers"] = dict(options["headers"])
    if options.get("query"):
        query = plan.keywords.get("extra_query", {})
        plan.keywords["extra_query"] = {**query, **dict(options["query"])}
    stream = call.get("stream")
    if stream is not None:
        if "stream" not in parameters:
            raise UnsupportedError(
                f"openai {_openai().__version__} cannot stream {call['operation']}"
            )
        plan.keywords["stream"] = True
        if stream.get("consume") == "first":
            plan.limit = stream.get("count")
    return plan


def _method(client: Any, operation: str) -> Callable[..., Any]:
    """The method of ``client`` that ``operation`` names. Raises UnsupportedError when there is
    none."""
    member = client
    for name in operation.split("."):
        member = getattr(member, name, None)
        if member is None:
            raise UnsupportedError(f"openai {_openai().__version__} has no {operation}")
    return member  # type: ignore[no-any-return]


def _quiet(method: Callable[..., Any]) -> Callable[..., Any]:
    """``method``, which the SDK marks deprecated, without the warning. Where warnings are
    errors the call would fail."""

    def called(**keywords: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return method(**keywords)

    return called


@functools.cache
def _parameters(function: Any) -> tuple[frozenset[str], bool]:
    """The names that ``function`` accepts, and whether it sends no body. Other names then belong in
    the query."""
    names = frozenset(inspect.signature(function).parameters) - {"self"}
    return names, function.__name__ in ("list", "retrieve", "list_events", "content")


def _with_files(value: Any) -> Any:
    """``value`` with every ``$file``, also one in a list, as the tuple by which the SDK takes
    files: name, content and, where there is one, content type."""
    if _is_file(value):
        file = value["$file"]
        upload = (file.get("name", "file"), base64.b64decode(file.get("base64", "")))
        if file.get("content_type"):
            return (*upload, file["content_type"])
        return upload
    if isinstance(value, list) and any(map(_is_file, value)):
        return [_with_files(item) for item in value]
    return value


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and "$file" in value


def _consume(stream: Any, items: list[Any], limit: int | None) -> None:
    """Append the events of ``stream`` to ``items``; after ``limit`` of them close it, as a caller
    would."""
    if limit == 0:
        stream.close()
        return
    for item in stream:
        items.append(item)
        if limit is not None and len(items) >= limit:
            stream.close()
            return


async def _consume_async(stream: Any, items: list[Any], limit: int | None) -> None:
    """The same for an asynchronous stream."""
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
