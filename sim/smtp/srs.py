"""Sender rewriting: a forwarder puts a sender into its own domain, and knows it again.

``ann@a.example``, passed on by b.example, becomes ``SRS0=hash=when=a.example=ann@b.example``, and
``SRS1=hash=b.example==hash=when=a.example=ann@c.example`` where c.example passes that on. The hash
shows that the forwarder wrote the address itself, so that nobody else can use it as a relay.
"""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import blake2b

TIMESTAMP = "AA"
"""Instead of a day: no address expires within a run."""
_FIRST = re.compile(r"srs0=(\w{4})=(\w\w)=([^=]+)=(.+)", re.IGNORECASE)
_FURTHER = re.compile(r"srs1=(\w{4})=([^=]+)==(.+)", re.IGNORECASE)


def rewritten(sender: str, domain: str) -> str:
    """*sender* as an address in *domain*, which leads back to it."""
    local, _, host = sender.rpartition("@")
    if _FIRST.fullmatch(local):
        first, rest = host, local[len("srs0=") :]
    elif further := _FURTHER.fullmatch(local):
        first, rest = further[2], further[3]
    else:
        body = f"{TIMESTAMP}={host}={local}"
        return f"SRS0={_hash(body, domain)}={body}@{domain}"
    body = f"{first}=={rest}"
    return f"SRS1={_hash(body, domain)}={body}@{domain}"


def original(address: str) -> str | None:
    """Where a notice to *address* goes that its own domain wrote; None: it did not write it."""
    local, _, domain = address.rpartition("@")
    if first := _FIRST.fullmatch(local):
        body, leads = f"{first[2]}={first[3]}={first[4]}", f"{first[4]}@{first[3]}"
    elif further := _FURTHER.fullmatch(local):
        body, leads = f"{further[2]}=={further[3]}", f"SRS0={further[3]}@{further[2]}"
    else:
        return None
    return leads if local[5:9].upper() == _hash(body, domain) else None


def _hash(body: str, domain: str) -> str:
    """Four letters that the domain alone can make; the domain stands for its secret."""
    key = domain.lower().encode()[:64]
    digest = blake2b(body.lower().encode(), key=key, digest_size=5).digest()
    return b32encode(digest).decode()[:4]
