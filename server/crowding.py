"""What workers take of what they share, looked at once at start: connections of PostgreSQL, limits without a Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import text

from server.settings import PREFIX

if TYPE_CHECKING:
    from server.settings import ServerSettings
    from server.store.database import Database

POOLS: Final = 2
"""Of a worker on the primary, each of `database_connections`: for requests, and for locks."""
_GIVEN: Final = text(
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int "
    "- coalesce(current_setting('reserved_connections', true), '0')::int"
)


def tell(settings: ServerSettings, database: Database) -> None:
    """Log a warning for each of `warnings`."""
    for warning in warnings(settings, database):
        structlog.get_logger().warning(warning)


def warnings(settings: ServerSettings, database: Database) -> Iterator[str]:
    """What may go wrong under load, with what to set; nothing where all fits."""
    if settings.database_url is not None and not settings.database_pooler:
        with database.reading(fresh=True) as connection:
            given = int(connection.execute(_GIVEN).scalar_one())
        wanted = settings.workers * POOLS * settings.database_connections
        if wanted > given:
            yield (
                f"the database may run out of connections: {settings.workers} workers open up to {wanted}, PostgreSQL "
                f"gives {given}: set {PREFIX}DATABASE_CONNECTIONS to at most {given // (settings.workers * POOLS)}, "
                "start fewer workers, or raise its max_connections"
            )
    if counts_alone(settings):
        yield (
            f"{settings.workers} workers count requests each for itself, so that somebody may have up to "
            f"{settings.workers} times his limit: set {PREFIX}REDIS_URL to let them count together"
        )


def counts_alone(settings: ServerSettings) -> bool:
    """Whether each of several workers counts rate limits for itself."""
    return settings.workers > 1 and settings.redis_url is None
