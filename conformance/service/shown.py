"""What the results of a run on somebody's own service may show: no credential, and nothing that
names the service.

The redactor is the one of logs and errors. Deployments and the resource appear under the suite's
own names, as they do in cassettes; what else names somebody gets numbered aliases, the same ones
throughout the run.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from conformance.sanitize.identities import HOST_SUFFIX
from conformance.sanitize.redactor import Redactor
from conformance.suite.settings import DEPLOYMENTS
from conformance.wire.stand_ins import GATEWAY_HOST, SERVICE_HOST

CaseModel = TypeVar("CaseModel", bound=BaseModel)
"""The result of a case, whose model belongs to a later stage."""


def names_of(url: str, deployments: Mapping[str, str], *, live: bool) -> dict[str, str]:
    """What names the service at ``url`` and its ``deployments`` (by capability), and what each is
    shown as. A gateway on loopback names nobody by its address."""
    theirs = {
        name: DEPLOYMENTS[capability] for capability, name in reversed(list(deployments.items()))
    }
    return {**theirs, **_addresses(url, live=live)}


def _addresses(url: str, *, live: bool) -> dict[str, str]:
    place = urlsplit(url)
    host, path = place.hostname or "", place.path.rstrip("/")
    if not live and _is_loopback(host):
        return {}
    shown = SERVICE_HOST if live else GATEWAY_HOST
    called = {url: f"https://{shown}", f"{place.netloc}{path}": shown, place.netloc: shown}
    if not _is_loopback(host):
        called[host] = shown
        label, _, rest = host.partition(".")
        if HOST_SUFFIX.search(f".{rest}"):
            called[label] = shown.partition(".")[0]
    return called


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Shown:
    """The redactor of one run. ``secrets`` is asked each time: tokens are renewed. For any
    thread."""

    def __init__(self, secrets: Callable[[], tuple[str, ...]], called: Mapping[str, str]) -> None:
        self._secrets = secrets
        self._redactor = Redactor(secrets(), called=called)
        self._lock = threading.Lock()

    def text(self, text: str) -> str:
        """``text`` as it may be shown."""
        with self._lock:
            self._redactor.know(self._secrets())
            return self._redactor.text(text)

    def result(self, result: CaseModel) -> CaseModel:
        """``result`` as it may be shown. Ids, verdicts and rules are the suite's own and stay."""
        shown = result.model_dump(mode="json", include={"reason", "findings", "steps", "reproduce"})
        with self._lock:
            self._redactor.know(self._secrets())
            clean = self._redactor.value(shown)
            clean = self._redactor.value(clean)  # what the end gave away may stand at the beginning
        return type(result).model_validate(result.model_dump(mode="json") | clean)
