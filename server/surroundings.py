"""What a server may be started in: TLS where others listen, a database that can be shared, keys that were given.

In development it listens on loopback and makes its keys under the home. In production nothing is assumed: what protects
something must have been set, and is looked at before a port is opened.
"""

from __future__ import annotations

import ipaddress
import ssl

from optionix_core.errors import ConfigurationError
from optionix_core.services import feeds
from server.crypto.master import master_key
from server.settings import PREFIX, ServerSettings


def check(settings: ServerSettings) -> None:
    """ConfigurationError, with what to set, where a server may not be started so; UnknownNameError for no feed."""
    host = _address(settings.host)
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise ConfigurationError(f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY go together: set both or none")
    for name, path in (("TLS_CERTIFICATE", settings.tls_certificate), ("TLS_KEY", settings.tls_key)):
        if path is not None and not path.is_file():
            raise ConfigurationError(f"{PREFIX}{name} names {path}, which is no file")
    _check_tls(settings)
    if settings.workers > 1 and settings.database_url is None:
        raise ConfigurationError(
            f"{settings.workers} workers cannot share SQLite, which one process writes: set {PREFIX}DATABASE_URL to "
            "a PostgreSQL, or have one worker"
        )
    feeds.check_form(settings.feed)
    if settings.in_production:
        _check_production(settings)
    elif not host.is_loopback:
        raise ConfigurationError(
            f"in development the server listens on this machine alone (got --host {settings.host}): "
            f"set {PREFIX}ENVIRONMENT=production, with TLS and keys, to serve others"
        )


def _check_tls(settings: ServerSettings) -> None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(f"{PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY cannot be used: {error}") from None


def _check_production(settings: ServerSettings) -> None:
    if settings.tls_certificate is None and not settings.trusted_proxies:
        raise ConfigurationError(
            f"production needs TLS: set {PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY, or name the proxy that ends it "
            f"in {PREFIX}TRUSTED_PROXIES"
        )
    for network in settings.trusted_proxies:
        if ipaddress.ip_network(network).prefixlen == 0:
            raise ConfigurationError(f"{PREFIX}TRUSTED_PROXIES trusts everybody ({network}): name the proxy")
    master_key(settings)  # refuses a missing and a weak one


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(bare(host))
    except ValueError:
        raise ConfigurationError(f"--host must be localhost or an IP address of this machine (got {host!r})") from None


def bare(host: str) -> str:
    """An address as sockets take it: without brackets, `localhost` as 127.0.0.1."""
    return "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
