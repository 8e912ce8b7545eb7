"""The certificate authority of this process, and the server context that all TLS listeners
share."""

from __future__ import annotations

import atexit
import functools
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class CertificateAuthority:
    """A test CA with the certificate it issued: ``context`` serves HTTP/1.1 over TLS under NAMES,
    ``ca_file`` (its content: ``ca_pem``) is the PEM bundle that makes an SDK trust it.

    The CA's private key stays in the memory of this process.
    """

    context: ssl.SSLContext
    ca_file: Path
    ca_pem: bytes


@functools.cache
def authority() -> CertificateAuthority:
    """This process's CA. It is made on first use, which takes milliseconds; its file is removed
    when the process ends."""
    # Imported here: whoever uses no TLS does not wait for the import.
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
    return CertificateAuthority(context, path, pem)
