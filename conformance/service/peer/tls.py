"""The test CA of this process and the one server context that all TLS listeners share."""

from __future__ import annotations

import atexit
import functools
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Authority:
    """``context`` serves HTTP/1.1 over TLS under NAMES; ``ca_file`` is the PEM bundle that makes an
    SDK trust it.

    The CA's private key never leaves this process, and the CA is valid for nobody else.
    """

    context: ssl.SSLContext
    ca_file: Path
    ca_pem: bytes


@functools.cache
def authority() -> Authority:
    """This process's CA, made on first use (milliseconds) and removed from the disk when the
    process ends."""
    import trustme

    ca = trustme.CA(organization_name="Azure OpenAI conformance tests")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    ca.issue_cert(*NAMES).configure_cert(context)
    folder = tempfile.TemporaryDirectory(prefix="conformance-ca-")
    atexit.register(folder.cleanup)
    pem = ca.cert_pem.bytes()
    path = Path(folder.name) / "ca.pem"
    path.write_bytes(pem)
    return Authority(context, path, pem)
