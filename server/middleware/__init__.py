"""Pure ASGI middleware, outermost first: context, security headers, identity, rate limits, validation, audit, gzip.

Request ids, logs and metrics come first, so that they know of every answer; security headers next, so that every
answer has them. Who asks is known before requests are counted, they are counted before a body is read, and what is
audited was readable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.middleware.gzip import GZipMiddleware

from server.middleware.asgi import App
from server.middleware.audit import Audit
from server.middleware.context import RequestContext
from server.middleware.headers import SecurityHeaders
from server.middleware.identity import IdentityOf
from server.middleware.lanes import Lanes
from server.middleware.looking import OneLook
from server.middleware.proxies import Proxies
from server.middleware.rates import RateLimits
from server.middleware.routes import RouteTable
from server.middleware.validation import RequestValidation

if TYPE_CHECKING:
    from server.context import Server

GZIP_FROM = 1024
GZIP_LEVEL = 4


def wrapped(app: App, server: Server) -> App:
    """`app` with everything around it."""
    from server.api import routers
    from server.app import PREFIX

    routes = RouteTable(routers(), PREFIX)
    inner = cast(App, GZipMiddleware(Lanes(OneLook(app)), minimum_size=GZIP_FROM, compresslevel=GZIP_LEVEL))
    inner = Audit(inner, routes, server.audit)
    inner = RequestValidation(inner, routes, server.settings.body_bytes)
    inner = RateLimits(inner, server.rates, server.settings, server.observing)
    inner = IdentityOf(inner, server.accounts)
    inner = SecurityHeaders(inner)
    return RequestContext(inner, routes, Proxies(server.settings.trusted_proxies), server.observing)
