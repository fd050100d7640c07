"""Which servers may be spoken to: over TLS any, in plain text this machine's own alone."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from optionix_core.errors import InvalidValueError

_BOUND = "an address such as https://team.example; http:// for this machine alone (127.0.0.1, ::1, localhost)"


def is_loopback(host: str) -> bool:
    """Whether a host's name is this machine's own, without asking anybody."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def server_address(text: str) -> str:
    """The address of a server in its one spelling: scheme, host and port. Raises InvalidValueError.

    Nothing else may be in it: no name or password, no path, no query.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidValueError("server", repr(text), _BOUND) from None
    extra = parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in {"http", "https"} or not host or extra or not re.fullmatch(r"[A-Za-z0-9.:_-]+", host):
        raise InvalidValueError("server", _without_password(text), _BOUND)
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidValueError("server", repr(text), _BOUND)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port is None else f":{port}")


def _without_password(text: str) -> str:
    return repr(re.sub(r"//[^/@]*@", "//...@", text))
