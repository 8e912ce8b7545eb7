"""What a case costs, side by side in one run (bars: docs/benchmarks.md).

Run from the repository root: ``python benchmarks/case_cost.py [--cases 1000]``. It compares, per
case:

- the bare SDK call on httpx's mock transport, one shared client, in a tight loop;
- the same call as a pytest item: a loop keeps caches warm that a real item finds cold;
- an empty pytest item;
- the same chat case written by hand with pytest-recording, a new client in each test;
- the same with one client for the session;
- our case under pytest, through the plugin.

Pytest figures are processor time of a whole pytest process (wall-clock would measure what else the
machine does): the difference between a large and a small suite, divided by the difference in cases;
the best of three runs each.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
URL = (
    "https://conformance.openai.azure.com/openai/deployments/conf-chat/chat/completions"
    "?api-version=2024-10-21"
)
MESSAGES = [{"role": "user", "content": "When was Microsoft founded?"}]
ANSWER = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1731880663,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {
                "role": "assistant",
                "content": "Microsoft was founded on April 4, 1975.",
                "refusal": None,
            },
            "content_filter_results": {
                name: {"filtered": False, "severity": "safe"}
                for name in ("hate", "self_harm", "sexual", "violence")
            },
        }
    ],
    "prompt_filter_results": [
        {
            "prompt_index": 0,
            "content_filter_results": {
                "jailbreak": {"filtered": False, "detected": False},
                "hate": {"filtered": False, "severity": "safe"},
            },
        }
    ],
    "usage": {"prompt_tokens": 13, "completion_tokens": 11, "total_tokens": 24},
}

CLIENT = """AzureOpenAI(
        azure_endpoint="https://conformance.openai.azure.com",
        api_key="k",
        api_version="2024-10-21",
    )"""
HAND_WRITTEN = """
import pytest
from openai import AzureOpenAI

MESSAGES = [{{"role": "user", "content": "When was Microsoft founded?"}}]

@pytest.fixture(scope="{scope}")
def client():
    return {client}

@pytest.mark.vcr("shared.yaml")
@pytest.mark.parametrize("n", range({cases}))
def test_chat(client, n):
    answer = client.chat.completions.create(model="conf-chat", messages=MESSAGES)
    assert answer.choices[0].message.content.startswith("Microsoft")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.choices[0].content_filter_results["hate"]["severity"] == "safe"
"""
BARE = """
import sys
import openai
import pytest

ANSWER = {answer}
http = sys.modules["httpx2"] if "httpx2" in sys.modules else sys.modules["httpx"]
CLIENT = openai.AzureOpenAI(
    azure_endpoint="https://conformance.openai.azure.com",
    api_key="k",
    api_version="2024-10-21",
    http_client=http.Client(
        transport=http.MockTransport(lambda _: http.Response(200, json=ANSWER)),
    ),
)

@pytest.mark.parametrize("n", range({cases}))
def test_bare(n):
    messages = [{{"role": "user", "content": "When?"}}]
    CLIENT.chat.completions.create(model="conf-chat", messages=messages)
"""
EMPTY = """
import pytest

@pytest.mark.parametrize("n", range({cases}))
def test_nothing(n):
    pass
"""
SCENARIO = """
title: The benchmark's chat case
why: It is the most ordinary case there is.
sources: [{{url: "https://example.org/benchmark"}}]
api_versions: "2024-10-21"
surfaces: [sync]
cassette: chat/bench
matrix: {{n: {numbers}}}
tags: ["row ${{matrix.n}}"]
steps:
  - call: chat.completions.create
    with:
      model: "${{deployment.chat}}"
      messages: [{{role: user, content: "When was Microsoft founded?"}}]
    expect:
      attempts: 1
      response: {{content_filter: annotated, usage: consistent}}
      result: {{text: {{$from: wire}}, finish_reason: stop}}
"""


def cassette() -> str:
    """The one interaction of the benchmark in vcrpy's format, as YAML (JSON is YAML)."""
    body = json.dumps({"messages": MESSAGES, "model": "conf-chat"})
    return json.dumps(
        {
            "version": 1,
            "conformance": {"source": "script", "ref": "benchmark"},
            "interactions": [
                {
                    "request": {
                        "method": "POST",
                        "uri": URL,
                        "body": body,
                        "headers": {"content-type": ["application/json"]},
                    },
                    "response": {
                        "status": {"code": 200, "message": "OK"},
                        "headers": {
                            "Content-Type": ["application/json"],
                            "x-request-id": ["bench"],
                        },
                        "body": {"string": json.dumps(ANSWER)},
                    },
                }
            ],
        }
    )


def bare_call(calls: int) -> float:
    """Seconds a call of the bare SDK takes on a mock transport with one shared client."""
    import openai

    http = sys.modules["httpx2"] if "httpx2" in sys.modules else sys.modules["httpx"]
    transport = http.MockTransport(lambda _: http.Response(200, json=ANSWER))
    client = openai.AzureOpenAI(
        azure_endpoint="https://conformance.openai.azure.com",
        api_key="k",
        api_version="2024-10-21",
        http_client=http.Client(transport=transport),
    )
    for _ in range(20):
        client.chat.completions.create(model="conf-chat", messages=MESSAGES)
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        for _ in range(calls):
            client.chat.completions.create(model="conf-chat", messages=MESSAGES)
        best = min(best, (time.process_time() - began) / calls)
    return best


def pytest_seconds(folder: Path, repeats: int = 3) -> float:
    """Processor seconds of a pytest process over ``folder``, the best of ``repeats``."""
    best = float("inf")
    for _ in range(repeats):
        began = children_seconds()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--rootdir",
                str(folder),
                str(folder),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        if done.returncode != 0:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        best = min(best, children_seconds() - began)
    return best


def children_seconds() -> float:
    """Processor seconds of all finished child processes so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_by_hand(folder: Path, scope: str, cases: int) -> Path:
    """A hand-written suite with one shared cassette that may be replayed again and again."""
    folder.mkdir(parents=True)
    (folder / "test_chat.py").write_text(
        HAND_WRITTEN.format(scope=scope, client=CLIENT, cases=cases)
    )
    (folder / "conftest.py").write_text(
        textwrap.dedent("""
        import pytest

        @pytest.fixture(scope="session")
        def vcr_config():
            return {"allow_playback_repeats": True}
    """)
    )
    recordings = folder / "cassettes" / "test_chat"
    recordings.mkdir(parents=True)
    (recordings / "shared.yaml").write_text(cassette())
    return folder


def write_ours(folder: Path, cases: int) -> Path:
    """A suite of ours with one scenario of ``cases`` rows."""
    (folder / "scenarios" / "chat").mkdir(parents=True)
    (folder / "scenarios" / "chat" / "bench.yaml").write_text(
        SCENARIO.format(numbers=list(range(cases)))
    )
    (folder / "cassettes" / "2024-10-21" / "chat").mkdir(parents=True)
    (folder / "cassettes" / "2024-10-21" / "chat" / "bench.yaml").write_text(cassette())
    return folder


def write_empty(folder: Path, cases: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "test_nothing.py").write_text(EMPTY.format(cases=cases))
    return folder


def write_bare(folder: Path, cases: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "test_bare.py").write_text(BARE.format(answer=repr(ANSWER), cases=cases))
    return folder


def per_case(make: object, small: int, large: int) -> float:
    """Seconds a case costs: the slope between a small and a large suite, so that start-up falls
    out."""
    with tempfile.TemporaryDirectory() as base:
        few = pytest_seconds(make(Path(base) / "few", small))  # type: ignore[operator]
        many = pytest_seconds(make(Path(base) / "many", large))  # type: ignore[operator]
    return (many - few) / (large - small)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=1000)
    cases: int = parser.parse_args().cases
    small = max(cases // 10, 10)
    bare = bare_call(300)
    empty = per_case(write_empty, small, cases)
    item = per_case(write_bare, small, cases)
    ours = per_case(write_ours, small, cases)
    session = per_case(lambda f, n: write_by_hand(f, "session", n), small, cases)
    fresh = per_case(lambda f, n: write_by_hand(f, "function", n), small, cases)
    rows = [
        ("bare SDK call, mock transport, tight loop", bare),
        ("bare SDK call as a pytest item", item),
        ("empty pytest item", empty),
        ("our case under pytest", ours),
        ("by hand, pytest-recording, session client", session),
        ("by hand, pytest-recording, new client", fresh),
    ]
    for name, seconds in rows:
        print(f"{name:45s} {seconds * 1000:8.3f} ms")
    print(f"ours / bare item                              {ours / item:8.2f}      (bar: 2.3)")
    print(f"ours / bare in a tight loop                   {ours / bare:8.2f}")
    by_new_client = (ours - empty) / (fresh - empty)
    print(f"(ours - empty) / (new client - empty)         {by_new_client:8.3f}      (bar: 0.1)")
    print(
        f"(ours - empty) / (session client - empty)     {(ours - empty) / (session - empty):8.3f}"
    )


if __name__ == "__main__":
    main()
