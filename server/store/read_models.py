"""Positions, trades, orders and limits in force as tables: folded from a stream's events, for queries.

They are thrown away at will. The log is the truth and is never held up by its read models: they follow it in
transactions of their own, each with the place that it has come to, so that a crash repeats nothing and loses nothing,
whichever worker goes on. `current_price` is the last quote that the server keeps; it stays null where there is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from optionix_core.errors import OptionixError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.fold import BookFold
from optionix_core.services.desk import Desk
from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.gate import LOCAL_SIM
from server.store import stream_rows
from server.store.read_model_rows import Drained, Multiplier, RowFold, standard_multiplier
from server.store.tables import accounts, limits, market_data, orders, positions, stream_checkpoints, streams, trades

if TYPE_CHECKING:
    from optionix_core.sync.event import LogReader
    from server.store.database import Database

CHECKPOINT: Final = "read-models-3"
"""Where the rows of a stream stand, and the desk there; another shape of the rows takes another name, under which they
are folded anew."""
TABLES: Final = (trades, positions, orders, limits)
BATCH: Final = 200
_PATIENCE: Final = 10.0


class ReadModels:
    """Keeps the four tables of all streams."""

    def __init__(
        self, database: Database, log_of: Callable[[UUID], LogReader], multiplier: Multiplier = standard_multiplier
    ) -> None:
        """`log_of` opens a stream as folds read it."""
        self._database = database
        self._log_of = log_of
        self._multiplier = multiplier

    def follow(self, stream: UUID, batch: int = BATCH) -> int:
        """Take in what is new in a stream; how many events that were. Raises IntegrityError where one is wrong."""
        with self._database.exclusive(f"read-models/{stream}", _PATIENCE):
            return self._follow(stream, batch)

    def rebuild(self, stream: UUID, batch: int = BATCH) -> int:
        """Throw a stream's rows away and fold them again; how many events that were."""
        with self._database.exclusive(f"read-models/{stream}", _PATIENCE):
            self._clear(stream)
            return self._follow(stream, batch)

    def _clear(self, stream: UUID) -> None:
        owner = self._owner(stream)

        def work(connection: Connection) -> None:
            for table in TABLES:
                connection.execute(delete(table).where(table.c.user_id == owner))
            stream_rows.drop_checkpoint(connection, stream, CHECKPOINT)

        self._database.write(work, acting=owner)

    def follow_all(self) -> dict[str, int]:
        """As a job: every stream that has grown. One that cannot be folded is counted and holds up no other."""
        done = {"streams": 0, "events": 0, "failed": 0}
        for stream in self._behind():
            try:
                done["events"] += self.follow(stream)
                done["streams"] += 1
            except OptionixError:
                done["failed"] += 1
        return done

    def _behind(self) -> Sequence[UUID]:
        kept = stream_checkpoints
        joined = streams.outerjoin(kept, (kept.c.stream_id == streams.c.id) & (kept.c.name == CHECKPOINT))
        grown = or_(kept.c.seq.is_(None) & (streams.c.head_seq > 0), streams.c.head_seq > kept.c.seq)
        with self._database.reading(fresh=True) as connection:
            return connection.execute(select(streams.c.id).select_from(joined).where(grown)).scalars().all()

    def _owner(self, stream: UUID) -> UUID:
        with self._database.reading(fresh=True) as connection:
            found: UUID = connection.execute(select(streams.c.owner_id).where(streams.c.id == stream)).scalar_one()
            return found

    def _follow(self, stream: UUID, batch: int) -> int:
        owner, log = self._owner(stream), self._log_of(stream)
        fold = RowFold(stream, owner, self._desk(stream), self._multiplier, lambda name: self._document(owner, name))
        done = 0
        records = iter(log.read(fold.desk.book.head.seq))
        while taken := list(islice(records, batch)):
            for record in taken:
                fold.take(record)
            head = fold.desk.book.head
            checkpoint = FoldCheckpoint(CHECKPOINT, head, fold.desk.to_bytes())
            changed = fold.drain()

            def work(connection: Connection, rows: Drained = changed, kept: FoldCheckpoint = checkpoint) -> None:
                _write(connection, rows)
                stream_rows.keep_checkpoint(connection, stream, kept)

            self._database.write(work, acting=owner)
            done += len(taken)
        return done

    def _desk(self, stream: UUID) -> Desk:
        desk = Desk()
        with self._database.reading(fresh=True) as connection:
            found = stream_rows.checkpoint(connection, stream, CHECKPOINT)
        if found is None:
            self._clear(stream)  # what an older shape left
        else:
            state = json.loads(found.state)
            desk.book, desk.orders = BookFold.of_state(state["book"]), OrderFold.of_state(state["orders"])
        return desk

    def _document(self, owner: UUID, name: str) -> Mapping[str, Any] | None:
        mine = (orders.c.user_id == owner) & (orders.c.client_order_id == name)
        with self._database.reading(fresh=True, acting=owner) as connection:
            return connection.execute(select(orders.c.document).where(mine)).scalar_one_or_none()


def mark(database: Database) -> dict[str, int]:
    """Give positions the last price that the server keeps of their instruments, else the middle of its sides.

    Those that a device matched are left alone: their market is another, see `Books.viewed`.
    """
    with database.reading(fresh=True) as connection:
        held = connection.execute(select(positions.c.symbol).distinct()).scalars().all()
        last = (
            select(market_data.c.symbol, func.max(market_data.c.timestamp).label("at"))
            .where(market_data.c.symbol.in_(held))
            .group_by(market_data.c.symbol)
            .subquery()
        )
        quote = market_data.c
        query = select(quote.symbol, quote.price, quote.bid, quote.ask).join(
            last, (last.c.symbol == quote.symbol) & (last.c.at == quote.timestamp)
        )
        found = connection.execute(query).all()
    prices = {}
    for symbol, price, bid, ask in found:
        with exact_arithmetic():
            prices[symbol] = (bid + ask) / 2 if price is None and bid is not None and ask is not None else price

    elsewhere = exists().where(
        accounts.c.user_id == positions.c.user_id,
        accounts.c.id == positions.c.account_id,
        accounts.c.kind == LOCAL_SIM,
    )

    def work(connection: Connection) -> int:
        done = 0
        for symbol, price in prices.items():
            done += connection.execute(
                update(positions).where(positions.c.symbol == symbol, ~elsewhere).values(current_price=price)
            ).rowcount
        return done

    return {"positions": database.write(work) if prices else 0}


def _write(connection: Connection, rows: Drained) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    if rows.positions:
        put: Any = dialect.insert(positions)
        changed = {name: put.excluded[name] for name in ("quantity", "entry_price", "updated_seq")}
        connection.execute(put.on_conflict_do_update(index_elements=["id"], set_=changed), rows.positions)
    if rows.trades:
        connection.execute(insert(trades), rows.trades)
    if rows.orders:
        put = dialect.insert(orders)
        changed = {name: put.excluded[name] for name in ("state", "document", "updated_at", "updated_seq")}
        connection.execute(
            put.on_conflict_do_update(index_elements=["user_id", "client_order_id"], set_=changed), rows.orders
        )
    if rows.limits:
        put = dialect.insert(limits)
        changed = {name: put.excluded[name] for name in ("value", "set_by", "set_at", "version")}
        connection.execute(
            put.on_conflict_do_update(index_elements=["user_id", "account_id", "name"], set_=changed), rows.limits
        )
    for gone in rows.no_limits:
        connection.execute(delete(limits).where(*(limits.c[name] == value for name, value in gone.items())))
