"""What every service offers, and where they differ."""

from __future__ import annotations

import pytest

from conformance.errors import InputError
from conformance.service.emulated import EMULATOR
from conformance.service.remote.upstream import Remote
from conformance.service.remote_service import Gateway, LiveResource
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.suite.settings import Settings
from conformance.wire.exchange import Source
from conformance.wire.vocabulary import LaneKind

URL = "https://contoso-prod.openai.azure.com"
SETTINGS = Settings(URL, api_key="k3y" * 11, deployments={"chat": "contoso-gpt"})
LIVE = LiveResource(Remote(URL), SETTINGS)
GATEWAY = Gateway(Remote("https://gateway.example/team"), Settings())
MISTAKE = InputError("unknown-variable", "${steps.0.result.id} has no value", "")


@pytest.mark.parametrize(
    ("service", "options"),
    [
        (REPLAY, ""),
        (EMULATOR, " --target emulator"),
        (LIVE, " --target live"),
        (GATEWAY, " --target https://gateway.example/team"),
    ],
)
def test_the_options_of_a_command_choose_the_service(service: Service, options: str) -> None:
    assert service.command_options == options


def test_a_result_that_is_missing_is_a_mistake_only_where_every_answer_is_known() -> None:
    with pytest.raises(InputError, match="unknown-variable"):
        REPLAY.excuse(MISTAKE)
    for service in (EMULATOR, LIVE, GATEWAY):
        service.excuse(MISTAKE)


def test_what_is_far_is_reached_through_sockets_one_case_at_a_time_and_patiently() -> None:
    for near in (REPLAY, EMULATOR):
        assert near.lane(None) is None
        assert near.lane(LaneKind.INPROCESS) is LaneKind.INPROCESS
        assert near.most_at_once is None
    for far in (LIVE, GATEWAY):
        assert far.lane(None) is LaneKind.LOOPBACK
        assert far.most_at_once == 1
        assert far.call_seconds > REPLAY.call_seconds


def test_recording_changes_what_a_replay_answers_and_nothing_else() -> None:
    plays = [service.plays_cassettes for service in (REPLAY, EMULATOR, LIVE, GATEWAY)]
    assert plays == [True, False, False, False]


def test_only_an_azure_host_is_recorded_as_a_live_resource() -> None:
    assert LIVE.recorded_as.source is Source.LIVE
    elsewhere = LiveResource(Remote("https://127.0.0.1:8443"), SETTINGS)
    assert elsewhere.recorded_as.source is Source.GATEWAY
    assert GATEWAY.recorded_as.source is Source.GATEWAY
    assert EMULATOR.recorded_as.source is Source.EMULATOR


def test_deployments_and_the_resource_are_shown_under_the_names_of_the_suite() -> None:
    assert LIVE.deployment_names == {"conf-chat": "contoso-gpt"}
    assert LIVE.shown_names == {"contoso-gpt": "conf-chat", "contoso-prod": "conformance"}
    assert LIVE.secrets == ("k3y" * 11,)
    told = LIVE.showing(f"{URL} knows contoso-gpt and {'k3y' * 11}")
    assert "contoso" not in told
    assert "k3y" not in told
