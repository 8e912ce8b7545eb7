"""The way to a service through a proxy: which one the environment names, and that TLS ends at the
service."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from conformance.errors import EnvironmentFault, UsageError
from conformance.record.forwarder import Forwarder
from conformance.service.peer import PeerServer
from conformance.service.remote.proxy import Proxy, proxy_for
from conformance.service.remote.upstream import Remote, Timeouts, Upstream
from tests.record.services import ORIGIN, Script, response
from tests.record.tunnels import Tunnels

try:  # whichever the installed SDK brings along
    import httpx2 as httpx
except ImportError:
    import httpx

NAME = "resource-1.openai.azure.com"
PASSWORD = "p@ss:word"


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, ("proxy.example", 3128)),
        (
            {"https_proxy": "http://small.example:1", "HTTPS_PROXY": "http://large.example:2"},
            ("small.example", 1),
        ),
        ({"ALL_PROXY": "proxy.example:3128"}, ("proxy.example", 3128)),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, None),
        ({"HTTPS_PROXY": "http://proxy.example"}, ("proxy.example", 80)),
        ({"HTTPS_PROXY": "http://[::1]:3128/"}, ("::1", 3128)),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other.example, .openai.azure.com"}, None),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": NAME.upper()}, None),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "azure.com.example,1.openai.azure.com"},
            ("p", 1),
        ),
    ],
)
def test_the_environment_names_the_proxy_and_its_exceptions(
    environment: dict[str, str], found: tuple[str, int] | None
) -> None:
    proxy = proxy_for(f"https://{NAME}", environment)
    assert (proxy and (proxy.host, proxy.port)) == found


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:8443", "https://localhost", "http://127.0.0.1:4000"]
)
def test_what_is_on_this_machine_is_asked_directly(url: str) -> None:
    assert proxy_for(url, {"HTTPS_PROXY": "http://proxy.example:3128"}) is None


@pytest.mark.parametrize(
    "value",
    [
        "https://u:5ecret@proxy.example",
        "socks5://u:5ecret@proxy.example",
        "http://",
        "http://u:5ecret@proxy.example:port",
        "http://u:5ecret@p.example/path",
    ],
)
def test_a_proxy_that_cannot_be_spoken_to_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(UsageError, match="proxy-url") as caught:
        proxy_for(f"https://{NAME}", {"HTTPS_PROXY": value})
    assert "5ecret" not in str(caught.value)
    assert "example" not in str(caught.value)


def test_a_service_is_asked_through_the_tunnel_and_verified_at_its_end(
    server: PeerServer, tmp_path: Path
) -> None:
    service = Script(response(b'{"ok":1}'))
    with Tunnels() as tunnels:
        tunnels.put(NAME, server.open(service, hosts=(NAME,)).port)
        proxy = proxy_for(
            f"https://{NAME}", {"HTTPS_PROXY": tunnels.url.replace("//", "//me:p%40ss%3Aword@")}
        )
        assert proxy is not None
        forwarder = Forwarder(
            Remote(f"https://{NAME}", tunnels.ca_file(tmp_path), proxy).upstream()
        )
        execution = server.open(forwarder, origin=ORIGIN)
        assert httpx.post(execution.url + "/x?y=1", content=b"{}").json() == {"ok": 1}
        forwarder.settle()
        distrusting = Forwarder(Remote(f"https://{NAME}", None, proxy).upstream())
        httpx.post(server.open(distrusting, origin=ORIGIN).url + "/x", content=b"{}")
        with pytest.raises(EnvironmentFault, match="upstream-tls"):
            distrusting.settle()
    assert [place for place, _ in tunnels.asked] == [f"{NAME}:443"] * 2
    assert tunnels.asked[0][1] == "Basic bWU6cEBzczp3b3Jk"
    (request,) = service.requests
    assert request.header("host") == NAME
    assert request.header("proxy-authorization") is None
    assert PASSWORD not in repr(proxy)
    assert set(proxy.secrets) == {PASSWORD, "bWU6cEBzczp3b3Jk"}


def test_large_answers_come_whole_through_a_tunnel(server: PeerServer) -> None:
    body = b"0123456789abcdef" * 200_000
    upstream = server.open(Script(response(body)), tls=True)
    with Tunnels() as tunnels:
        way = Upstream(
            upstream.url,
            None,
            None,
            upstream.ca_file,
            Proxy("127.0.0.1", tunnels.server_address[1]),
        )
        execution = server.open(Forwarder(way), origin=ORIGIN)
        assert (
            httpx.post(execution.url + "/x", content=body[:1_000_000], timeout=30).content == body
        )
    assert tunnels.asked == [(f"127.0.0.1:{upstream.port}", "")]


@pytest.mark.parametrize(
    "refusal", ["407 Proxy Authentication Required", "403 Forbidden", "302 Found", "garbage"]
)
def test_a_proxy_that_refuses_is_one_message_without_its_address(
    server: PeerServer, refusal: str
) -> None:
    with Tunnels(refusal) as tunnels:
        proxy = Proxy("127.0.0.1", tunnels.server_address[1], "me", PASSWORD)
        assert_fails(server, Remote(f"https://{NAME}", None, proxy), tunnels.url)


def test_a_proxy_that_is_not_there_or_says_nothing_is_one_message(server: PeerServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        proxy = Proxy("127.0.0.1", free.getsockname()[1])
        assert_fails(server, Remote(f"https://{NAME}", None, proxy), str(proxy.port))
        free.listen()
        silent = Remote(f"https://{NAME}", None, proxy).upstream(timeouts=Timeouts(0.2, 1, 1))
        forwarder = Forwarder(silent)
        httpx.get(server.open(forwarder, origin=ORIGIN).url + "/x")
        with pytest.raises(EnvironmentFault, match="upstream-unreachable"):
            forwarder.settle()


def assert_fails(server: PeerServer, remote: Remote, hidden: str) -> None:
    forwarder = Forwarder(remote.upstream())
    httpx.get(server.open(forwarder, origin=ORIGIN).url + "/x")
    with pytest.raises(EnvironmentFault, match="upstream-proxy") as caught:
        forwarder.settle()
    assert hidden not in str(caught.value)
    assert PASSWORD not in str(caught.value)
