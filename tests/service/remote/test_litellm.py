"""A gateway that is not ours: LiteLLM's proxy with mock answers. Opt-in: CONFORMANCE_LITELLM names
its command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.remote.served import COMMAND, PROJECT, environment

LITELLM = os.environ.get("CONFORMANCE_LITELLM", "")
KEY = "sk-litellm-master-key-of-a-test"
CONFIG = f"""
model_list:
  - model_name: conf-chat
    litellm_params: {{model: azure/gpt-4o, api_key: fake,\
 api_base: "http://127.0.0.1:9", mock_response: "In 1975."}}
general_settings: {{master_key: {KEY}}}
"""


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    if not LITELLM:
        pytest.skip("CONFORMANCE_LITELLM does not name a litellm command")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "litellm.yaml").write_text(CONFIG, encoding="utf-8")
    with (tmp_path / "litellm.log").open("w") as log:
        process = subprocess.Popen(
            [LITELLM, "--config", "litellm.yaml", "--host", "127.0.0.1", "--port", str(port)],
            cwd=tmp_path,
            env=environment(),
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_litellm_is_asked_over_its_azure_route_and_only_the_service_is_blamed(
    proxy: str, tmp_path: Path
) -> None:
    (tmp_path / "conformance.toml").write_text(
        '[deployments]\nchat = "conf-chat"\n', encoding="utf-8"
    )
    ended = subprocess.run(
        [
            *COMMAND,
            "run",
            "chat",
            "streaming",
            "--root",
            str(PROJECT),
            "--target",
            proxy,
            "--sdk",
            "python",
            "--api-version",
            "2024-10-21",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=environment(CONFORMANCE_TARGET_KEY=KEY),
    )
    assert ended.returncode in (0, 1), ended.stderr
    text = (tmp_path / "reports" / "results.json").read_text(encoding="utf-8")
    assert KEY not in text + ended.stdout + ended.stderr
    cases = json.loads(text)["cases"]
    run = [case for case in cases if case["verdict"] in ("pass", "fail")]
    statuses = [
        item["response"]["status"]
        for case in run
        for step in case["steps"]
        for item in step["exchanges"]
    ]
    assert len(run) > 20
    assert set(statuses) == {200}
    assert {item["blame"] for case in run for item in case["findings"]} <= {"service"}
