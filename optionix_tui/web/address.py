"""Where the browser's workstation listens, and by which names a browser may ask for it. Pure.

A page on this machine can be reached by every site that the user's browser visits: such a site cannot read it, but it
can send requests, and with a name of its own that resolves to 127.0.0.1 (DNS rebinding) it could read as well. So a
request must name a host that is expected here, and where it tells its origin, that must be this page's own.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from optionix_core.errors import InvalidValueError, UsageError

PORT_BOUND = "a port from 1 to 65535, or 0 for any free one"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens and what browsers call it."""

    host: str
    """As it was asked for: an IP address, or `localhost`."""
    port: int
    """The port that is bound."""
    public: str
    """Scheme, name and port as a browser writes them: `http://127.0.0.1:8765`."""

    @property
    def secure(self) -> bool:
        """Whether browsers come by TLS, which a proxy ends."""
        return self.public.startswith("https:")

    @property
    def hosts(self) -> frozenset[str]:
        """What a request's Host may be: the public name, or this machine's own names with the port."""
        own = {_bracketed(name) for name in ("127.0.0.1", "::1", "localhost", self.host) if not _everywhere(name)}
        return frozenset({urlsplit(self.public).netloc, *(f"{name}{_written(self.port)}" for name in own)})

    @property
    def origins(self) -> frozenset[str]:
        """What a request's Origin may be: the public one, or with no proxy this machine's own names."""
        if self.secure:
            return frozenset({self.public})
        return frozenset(f"http://{host}" for host in self.hosts) | {self.public}

    @property
    def cookie(self) -> str:
        """Name of the session's cookie: browsers share cookies between all ports of a host."""
        return f"__Host-optionix-{self.port}" if self.secure else f"optionix-{self.port}"


def checked_host(host: str, public_url: str | None) -> str:
    """The host to listen on. Raises InvalidValueError for no address, UsageError for an open door without TLS."""
    name = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        raise InvalidValueError("--host", repr(host), "localhost or an IP address of this machine") from None
    if not address.is_loopback and not (public_url or "").startswith("https://"):
        raise UsageError(
            f"--host {host} can be reached from other machines, where the address would cross the network readable: "
            "let a proxy end TLS before it and give the proxy's address, such as --public-url https://desk.example.com"
        )
    return name


def checked_public(public_url: str) -> str:
    """Scheme, name and port of the address that browsers use. Raises InvalidValueError."""
    bound = "https://NAME[:PORT], or http://localhost[:PORT] for a tunnel"
    try:
        parts = urlsplit(public_url)
        port, name = parts.port, parts.hostname or ""
    except ValueError:
        raise InvalidValueError("--public-url", repr(public_url), bound) from None
    plain = parts.scheme == "http" and (name == "localhost" or _loopback(name))
    if not name or parts.username is not None or not (parts.scheme == "https" or plain):
        raise InvalidValueError("--public-url", repr(public_url), bound)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise InvalidValueError("--public-url", repr(public_url), f"{bound}, with nothing behind it")
    usual = port is None or port == {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{_bracketed(name)}" + ("" if usual else f":{port}")


def address_of(host: str, port: int, public_url: str | None) -> Address:
    """The address of a server that listens on `host` and `port`."""
    here = f"http://{_bracketed(host)}{_written(port)}"
    return Address(host, port, here if public_url is None else checked_public(public_url))


def _written(port: int) -> str:
    """A port behind a name, as browsers write it."""
    return "" if port == 80 else f":{port}"


def _loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _everywhere(name: str) -> bool:
    return name in {"0.0.0.0", "::"}  # noqa: S104 - told apart, not bound


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
