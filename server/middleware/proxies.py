"""Who is at the other end: the peer itself, or, behind a proxy that was named, whom that proxy tells of.

X-Forwarded-For is read from its end: each name is believed only while the one who wrote it is a named proxy; of
X-Forwarded-Proto the last word counts, which is the nearest proxy's. From
anybody else these headers are what he likes to write, and are ignored.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from server.middleware.asgi import Scope

_NOBODY = ""


class Caller(NamedTuple):
    """Whence a request came."""

    address: str
    """Of the client; empty where the server was asked without a network."""
    secure: bool
    """Whether it came by TLS, at least to the proxy."""
    through_proxy: bool
    """Whether a named proxy handed it on."""


class Proxies:
    """The proxies that are believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)
        self._known = lru_cache(maxsize=4096)(self._is_known)

    def caller(self, scope: Scope) -> Caller:
        """Who asks."""
        peer = scope.get("client")
        address = peer[0] if peer else _NOBODY
        secure = scope.get("scheme") in {"https", "wss"}
        if not self._networks or not self._known(address):
            return Caller(address, secure, through_proxy=False)
        scheme = _joined(scope, b"x-forwarded-proto")
        if scheme is not None:
            secure = scheme.rsplit(b",", 1)[-1].strip() in {b"https", b"wss"}
        chain = _joined(scope, b"x-forwarded-for") or b""
        for part in reversed(chain.decode("latin-1").split(",")):
            told = _bare(part.strip())
            if told is None:
                break
            address = told
            if not self._known(address):
                break
        return Caller(address, secure, through_proxy=True)

    def _is_known(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed.version == network.version and parsed in network for network in self._networks)


def _joined(scope: Scope, name: bytes) -> bytes | None:
    """All headers of a name as one, in their order: a proxy may add one of its own behind what the client sent."""
    found = [value for key, value in scope["headers"] if key == name]
    return b",".join(found) if found else None


def _bare(text: str) -> str | None:
    """An address without brackets and port; None where it is none."""
    name = text
    if text.startswith("["):
        name = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        name = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def bucket_of(address: str) -> str:
    """The name that requests of an address are counted under: IPv6 by /64, which is what one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address or "nobody"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address
