"""Secrets that the caller knows: found in every form."""

from __future__ import annotations

import base64

import pytest

from conformance.sanitize.redactor import Redactor
from conformance.sanitize.scan import Scanner

FORMS = {
    "as it is": lambda s: s,
    "percent-encoded": lambda s: "".join(f"%{byte:02x}" for byte in s.encode()),
    "escaped": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 one in": lambda s: base64.b64encode(b"x" + s.encode() + b"yz").decode(),
    "base64 two in": lambda s: base64.b64encode(b"xy" + s.encode() + b"zz").decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(b"\xff\xfe" + s.encode()).decode(),
    "hexadecimal": lambda s: s.encode().hex(),
    "capital hexadecimal": lambda s: s.encode().hex().upper(),
    "reversed": lambda s: s[::-1],
    "concatenated": lambda s: f'{s[:5]}" + "{s[5:]}',
    "folded": lambda s: f"{s[:7]}\n      {s[7:]}",
    "listed": lambda s: ", ".join(s),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_secret_is_found_in_every_form(form: str) -> None:
    secret = "Tr0ub4dor&3/horse+é"
    written = f"before {FORMS[form](secret)} after"
    assert Scanner([secret]).text(written, "log")
    clean = Redactor([secret]).text(written)
    assert FORMS[form](secret) not in clean
    assert clean.startswith("before ") and clean.endswith(" after")
    assert not Scanner([secret]).text(clean, "log")
