"""One server from its settings: every part is made here, once, in the order in which it needs the others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from optionix_core import __version__
from optionix_core.errors import ConfigurationError
from optionix_core.services.feeds import open_feed
from server import cache, house
from server.audit import heads
from server.audit.log import ChainedAuditLog
from server.auth import purging
from server.auth.accounts import Identities
from server.books import ServerBooks
from server.context import Server
from server.crypto.columns import Resealing
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.keys import KeyRing
from server.crypto.master import master_key
from server.crypto.signing import TokenKeys
from server.health import Check, Health, disk
from server.jobs import Job, Jobs
from server.middleware import wrapped
from server.observing import Metrics
from server.quotes import keep_quotes
from server.realtime.hub import StreamHub
from server.store import market, schema
from server.store.opening import open_database
from server.store.read_models import ReadModels, mark
from server.store.tables import audit_logs
from server.sync.devicesync import DeviceSync

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from server.middleware.asgi import App
    from server.settings import ServerSettings
    from server.store.database import Database


def assemble(settings: ServerSettings, clock: Clock) -> Server:
    """A server that is ready for requests once its application has started.

    Raises ConfigurationError, StorageError or IntegrityError where it cannot be.
    """
    database = open_database(settings, clock)
    try:
        return _on(database, settings, clock)
    except BaseException:
        database.close()
        raise


def application(server: Server) -> App:
    """Its routes with everything around them."""
    from server.app import create_app

    return wrapped(create_app(server), server)


def _on(database: Database, settings: ServerSettings, clock: Clock) -> Server:
    observing = Metrics()
    ring = KeyRing.opened(database, master_key(settings), clock)
    envelopes = SealedEnvelopes(ring)
    audit = ChainedAuditLog(database, envelopes, clock)
    kept, rates = cache.opened(settings, lambda: clock.now().timestamp(), observing.degraded)
    books = ServerBooks(
        database,
        envelopes,
        clock,
        settings.data_folder,
        lambda: open_feed(settings.feed, clock=clock, seed=settings.seed, session=settings.session),
        settings.seed,
        rules=house.trading_rules(),
        limit_engine=house.limit_engine(),
    )
    accounts = Identities.assemble(
        settings, clock, database, envelopes, audit, kept, books, TokenKeys(settings, ring, clock)
    )
    hub = StreamHub(database, kept, clock, books, second_factor=settings.second_factor)
    books.grown = hub.notify
    jobs = Jobs(database, clock, observing, _jobs(settings, audit, envelopes, accounts, books))
    ring.watch()
    return Server(
        settings=settings,
        clock=clock,
        database=database,
        envelopes=envelopes,
        audit=audit,
        cache=kept,
        rates=rates,
        accounts=accounts,
        books=books,
        sync=DeviceSync(database, books, envelopes, audit, clock),
        hub=hub,
        observing=observing,
        jobs=jobs,
        health=Health(_checks(database, settings, books), __version__, jobs.documents),
    )


def _jobs(
    settings: ServerSettings,
    audit: ChainedAuditLog,
    envelopes: SealedEnvelopes,
    accounts: Identities,
    books: ServerBooks,
) -> tuple[Job, ...]:
    folder = settings.data_folder / heads.FOLDER

    def export_head() -> dict[str, int]:
        head = heads.export_head(audit, folder)
        return {"seq": 0 if head is None else head.seq}

    models = ReadModels(audit.database, books.store)
    resealing = Resealing(audit.database, envelopes, audit.clock)
    return (
        Job("audit-head", 60.0, export_head),
        Job("reseal", 120.0, resealing.run),
        Job("identity", purging.EVERY, lambda: purging.purge(accounts)),
        Job("read-models", 10.0, models.follow_all),
        *_market_jobs(settings, audit.database, audit.clock, books),
    )


def _market_jobs(settings: ServerSettings, database: Database, clock: Clock, books: ServerBooks) -> tuple[Job, ...]:
    keep = timedelta(days=settings.quote_days)
    return (
        Job("market-partitions", 21_600.0, lambda: market.make_room(database, clock.now())),
        Job("market-quotes", 15.0, lambda: keep_quotes(database, books.feed, clock.now())),
        Job("market-bars", 60.0, lambda: market.roll_up(database, clock.now())),
        Job("market-marks", 60.0, lambda: mark(database)),
        Job("market-retention", 21_600.0, lambda: market.let_go(database, clock.now(), keep)),
    )


def _checks(database: Database, settings: ServerSettings, books: ServerBooks) -> tuple[Check, ...]:
    def ask_database() -> dict[str, Any]:
        database.check()
        return {"kind": database.kind}

    def ask_schema() -> dict[str, Any]:
        with database.reading(fresh=True) as connection:
            found = schema.version(connection)
        if found != schema.REVISION:
            raise ConfigurationError(f"the schema is {found}, this Optionix has {schema.REVISION}")
        return {"revision": found}

    def ask_audit() -> dict[str, Any]:
        last = select(audit_logs.c.seq, audit_logs.c.hash).order_by(audit_logs.c.seq.desc()).limit(1)
        with database.reading(fresh=True) as connection:
            head = connection.execute(last).one_or_none()
        return {"seq": 0 if head is None else head.seq}

    def ask_feed() -> dict[str, Any]:
        feed = books.feed
        return {"name": feed.name, "state": feed.state.value, "underlyings": len(feed.underlyings())}

    return (
        Check("database", ask_database),
        Check("schema", ask_schema),
        Check("audit", ask_audit),
        Check("feed", ask_feed),
        disk(str(settings.data_folder)),
    )
