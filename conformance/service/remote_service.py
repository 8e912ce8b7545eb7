"""A service elsewhere, for a run or for a recording: a live resource, or a gateway."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from conformance.errors import EnvironmentFault, InputError
from conformance.sanitize.identities import HOST_SUFFIX
from conformance.service.asking import Accepts, adapt, obstacle
from conformance.service.entra import token_endpoint
from conformance.service.peer import PeerServer
from conformance.service.player import CasePlayer
from conformance.service.remote.credentials import EntraTokens, exchanger, stand_ins_of
from conformance.service.remote.player import TargetPlayer
from conformance.service.remote.reach import ReachStep, reach
from conformance.service.remote.relay import Relay
from conformance.service.remote.upstream import Credentials, Remote, Upstream
from conformance.service.service import AnswerSource
from conformance.service.shown import CaseModel, Shown, names_of
from conformance.suite.cassette import Cassette
from conformance.suite.scenario.model import Scenario
from conformance.suite.settings import DEPLOYMENTS, Settings
from conformance.wire.clock import Clock
from conformance.wire.exchange import Headers, Provenance, Source
from conformance.wire.protocol import ClientConfig
from conformance.wire.stand_ins import API_KEY
from conformance.wire.vocabulary import LaneKind

_FAR_CALL_SECONDS = 300.0
"""A service far away takes its time; it is the SDK's own time-out that is to end a call."""

_SOMEBODY_ELSE = Provenance(Source.GATEWAY, "a service that is not Azure's own")


class RemoteService(ABC):
    """A service that is reached through a network.

    ``settings`` hold every secret that goes there but the tokens, which ``tokens`` gives; None: it
    is asked with a key. Nothing that names the service or opens it is shown.
    """

    most_at_once: int | None = 1  # one by one: its quota is not ours to burst
    call_seconds = _FAR_CALL_SECONDS
    answers = AnswerSource.SERVED
    plays_cassettes = False
    is_far = True

    def __init__(
        self, remote: Remote, settings: Settings, tokens: EntraTokens | None = None
    ) -> None:
        self.remote = remote
        self.settings = settings
        self.tokens = tokens
        self.deployments: Mapping[str, str] | None = dict(settings.deployments) or None
        called = names_of(remote.url, settings.deployments, live=self._is_the_resource)
        self._shown = Shown(lambda: self.secrets, called)

    @property
    @abstractmethod
    def name(self) -> str:
        """What commands take and reports show."""

    @property
    @abstractmethod
    def recorded_as(self) -> Provenance:
        """What its cassettes say of themselves."""

    @property
    @abstractmethod
    def _provenance(self) -> Provenance:
        """What its answers are called in a run."""

    @property
    @abstractmethod
    def _key(self) -> str:
        """The key it is sent; empty: none."""

    @property
    @abstractmethod
    def _is_the_resource(self) -> bool:
        """Whether it is the configured resource: its host is shown as the suite's own, and it has
        to know the list of its models."""

    @property
    def command_options(self) -> str:
        return f" --target {self.name}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that goes to the service or its proxy, tokens given so far included."""
        secrets = list(self.settings.secrets)
        if self.tokens is not None:
            secrets += sorted(self.tokens.given)
        if self.remote.proxy is not None:
            secrets += self.remote.proxy.secrets
        return tuple(secrets)

    @property
    def deployment_names(self) -> Mapping[str, str]:
        """Its names for the suite's deployments, where they differ."""
        return {
            DEPLOYMENTS[capability]: name
            for capability, name in (self.deployments or {}).items()
            if DEPLOYMENTS.get(capability, name) != name
        }

    @property
    def shown_names(self) -> Mapping[str, str]:
        """The suite's names for its deployments and for the resource its host names."""
        names = {theirs: ours for ours, theirs in self.deployment_names.items()}
        host = urlsplit(self.remote.url).hostname or ""
        label, dot, _ = host.partition(".")
        if dot and not label.isdigit():
            names[label] = "conformance"
        return names

    # Planning and running

    def lane(self, asked: LaneKind | None) -> LaneKind | None:
        """The loopback lane: the other one has no network."""
        return asked or LaneKind.LOOPBACK

    def obstacle(self, spec: Scenario, text: str) -> str:
        """Why ``spec`` cannot be put to it; empty when it can."""
        return obstacle(spec, text, self._accepts)

    def adapt(self, spec: Scenario) -> Scenario:
        """``spec`` without what only a recording can promise, and with credentials it takes."""
        return adapt(spec, self._accepts)

    @property
    def _accepts(self) -> Accepts:
        return Accepts(self.deployments, key=bool(self._key), entra=self.tokens is not None)

    def player(
        self,
        config: ClientConfig,
        clock: Clock,
        recording: Callable[[], Cassette | None],  # noqa: ARG002 - it has answers of its own
    ) -> CasePlayer:
        """A player that passes every request of the case to the service, with real credentials in
        the place of the stand-ins."""
        named = (self.remote.netloc,) if self._is_the_resource else ()
        exchanged = exchanger(stand_ins_of(config), self._key, self.tokens, named)
        relay = Relay(self.remote, self._provenance, exchanged)
        return TargetPlayer(clock, config.host, relay, token_endpoint(config.auth))

    def excuse(self, mistake: InputError) -> None:  # noqa: B027 - it is meant to do nothing
        """Let it be: the service need not give the result that the recording has."""

    # What is shown

    def showing(self, text: str) -> str:
        """``text`` without what names the service or opens it."""
        return self._shown.text(text)

    def redacted(self, result: CaseModel) -> CaseModel:
        """``result`` without what names the service or opens it."""
        return self._shown.result(result)

    # Reaching it

    def reach(self, *, ask: bool = True) -> Iterator[ReachStep]:
        """The steps on the way to it, up to the first that fails. With ``ask`` the last of them is
        a request, which costs nothing."""
        return reach(
            self.remote,
            credential=self._credential,
            showing=self.showing,
            ask=ask,
            must_list_models=self._is_the_resource,
        )

    def require_reachable(self) -> None:
        """Raises EnvironmentFault when it cannot be reached, or refuses the credential."""
        for step in self.reach(ask=self._is_the_resource):
            if not step.ok:
                code = "target-refused" if step.name == "request" else "target-unreachable"
                raise EnvironmentFault(
                    code, self.showing(f"{self.name}: {step.name}: {step.told}"), step.advice
                )

    def _credential(self) -> Headers:
        if self.settings.api_key:
            return (("api-key", self.settings.api_key),)
        if self.tokens is not None:
            return (("Authorization", f"Bearer {self.tokens()}"),)
        return ()

    @contextmanager
    def upstream(self, server: PeerServer) -> Iterator[Upstream]:  # noqa: ARG002 - it is far
        """The way to it, with its credentials."""
        yield self.remote.upstream(Credentials(self.settings.api_key, self.tokens))


class LiveResource(RemoteService):
    """The configured Azure OpenAI resource."""

    name = "live"
    _provenance = Provenance(Source.LIVE)
    _is_the_resource = True

    @property
    def recorded_as(self) -> Provenance:
        """An Azure resource by its host; anything else does not pass for one."""
        host = (urlsplit(self.remote.url).hostname or "").lower()
        if HOST_SUFFIX.search(host):
            return Provenance(Source.LIVE, "a live resource")
        return _SOMEBODY_ELSE

    @property
    def _key(self) -> str:
        return self.settings.api_key


class Gateway(RemoteService):
    """Any other service at a URL. It may want no key and may not know the list of models."""

    recorded_as = _SOMEBODY_ELSE
    _is_the_resource = False

    @property
    def name(self) -> str:
        return self.remote.url

    @property
    def _provenance(self) -> Provenance:
        return Provenance(Source.GATEWAY, self.name)

    @property
    def _key(self) -> str:
        # What it is sent when no key is set for it: many a local one takes any.
        return self.settings.api_key or API_KEY
