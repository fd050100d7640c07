"""Which cache and which token buckets a server has: a Redis's where one is set, else its own."""

from __future__ import annotations

from collections.abc import Callable

from optionix_core.errors import ConfigurationError
from server.caching.local import LocalCache, LocalRates
from server.parts import Cache, RateLimiter
from server.settings import PREFIX, ServerSettings


def opened(
    settings: ServerSettings, now: Callable[[], float], changed: Callable[[bool], None] = lambda _: None
) -> tuple[Cache, RateLimiter]:
    """Both; `changed` hears when a Redis stops answering (True) and answers again. ConfigurationError for a bad URL."""
    if settings.redis_url is None:
        return LocalCache(now), LocalRates(now)
    from server.caching.shared import SharedCache

    try:
        cache = SharedCache(settings.redis_url.get_secret_value(), now, changed=changed)
    except ValueError:
        raise ConfigurationError(f"{PREFIX}REDIS_URL must be redis://[USER:PASSWORD@]HOST:PORT/NUMBER") from None
    return cache, cache.rates
