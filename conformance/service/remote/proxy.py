"""The proxy on the way to a service, as the environment names it."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

# Not in typeshed, but stable: requests decides by it which hosts NO_PROXY excepts.
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from conformance.errors import UsageError

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""The first that is set counts. Lower case goes before upper case, as for curl."""
_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """An http proxy that is asked for tunnels (CONNECT, RFC 9110 section 9.3.6), so that TLS ends
    at the service."""

    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that may not be shown: the password, and what it is sent as."""
        if not self.password:
            return ()
        return self.password, self._basic

    @property
    def _basic(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")

    def asking(self, place: str) -> bytes:
        """The request for a tunnel to ``place`` (``host:port``)."""
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if self.user or self.password:
            lines.append(f"Proxy-Authorization: Basic {self._basic}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy on the way to ``url``: that of HTTPS_PROXY or ALL_PROXY unless NO_PROXY excepts the
    host. None also for plain http and for loopback addresses, which no proxy could reach.

    Raises UsageError ``proxy-url``, which never repeats the value, for one that is not
    ``http://[user:password@]host``.
    """
    place = urlsplit(url)
    host = place.hostname or ""
    proxy_url = ""
    for name in _VARIABLES:
        proxy_url = proxy_url or environment.get(name, "").strip()
    if not proxy_url or place.scheme != "https" or _is_loopback(host):
        return None
    excepted = environment.get("no_proxy", "") or environment.get("NO_PROXY", "")
    if proxy_bypass_environment(place.netloc.rpartition("@")[2].lower(), {"no": excepted.lower()}):
        return None
    return _parsed(proxy_url)


def _parsed(proxy_url: str) -> Proxy:
    """The proxy at ``proxy_url``, whose scheme may be missing. Raises UsageError."""
    if "://" not in proxy_url:
        proxy_url = f"http://{proxy_url}"
    try:
        place = urlsplit(proxy_url)
        host, port = place.hostname or "", place.port or _PORT
    except ValueError:
        host, port, place = "", 0, urlsplit("")
    if place.scheme != "http" or not host or place.path.strip("/") or place.query:
        raise UsageError(
            "proxy-url",
            "the proxy of the environment (HTTPS_PROXY) is not of the form "
            "http://[user:password@]host:port",
            "https and socks proxies are not spoken to; NO_PROXY excepts hosts",
        )
    return Proxy(host, port, unquote(place.username or ""), unquote(place.password or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
