"""Where a request comes from, as sessions and the audit log keep it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastapi import Request

LONGEST_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Address and program of a caller."""

    address: str
    user_agent: str = ""

    @property
    def network(self) -> str:
        """What counts as one address: of IPv6 the /64 that one subscriber has, else one house is 2**64 addresses."""
        try:
            parsed = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if isinstance(parsed, ipaddress.IPv6Address):
            if parsed.ipv4_mapped is not None:
                return str(parsed.ipv4_mapped)
            return str(ipaddress.ip_network((int(parsed), 64), strict=False))
        return str(parsed)


def origin_of(request: Request) -> Origin:
    """The origin of a request; its address is what the middleware made of proxies, else the peer's."""
    peer = "" if request.client is None else request.client.host
    address = getattr(request.state, "address", peer)
    agent = "".join(letter for letter in request.headers.get("user-agent", "") if letter.isprintable())
    return Origin(address, agent[:LONGEST_AGENT])
