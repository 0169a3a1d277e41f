"""A certificate of our own for STARTTLS, where the extra ``tls`` is installed."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from importlib.util import find_spec
from typing import NamedTuple


class Certificate(NamedTuple):
    """What a server shows, and the certificate of the authority that vouches for it."""

    context: ssl.SSLContext
    authority: bytes
    """PEM: whoever trusts it trusts these servers, and nobody else."""


def certificate(names: Iterable[str]) -> Certificate | None:
    """A certificate for servers of these *names*, made anew; None: the extra is not installed."""
    if find_spec("trustme") is None:
        return None
    import trustme

    authority = trustme.CA(organization_name="mailsim", organization_unit_name="for this run alone")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "::1", *names).configure_cert(context)
    return Certificate(context, authority.cert_pem.bytes())
