"""A device's side of sync: pull first, own unacknowledged events on top, push in order; no network in here.

What is pulled is verified before it is kept: its places follow each other, and once the page reaches the stream's
head the Merkle root over everything that this device ever pulled must be the one that the server signed. A server that
shows another past, or less of it, is found and the device stops. Sending never overtakes pulling, and no order depends
on a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from optionix_core.errors import DeadlineError, IntegrityError, InvalidValueError, RefusedError, VenueError
from optionix_core.sync import chain
from optionix_core.sync.canonical import decode, encode
from optionix_core.sync.event import Head, Record
from optionix_core.sync.masking import effective
from optionix_core.sync.replica import Own, Step
from optionix_core.sync.wire import ALARMS, MAXIMUM_BATCH, PULL_FIRST, PushBatch, check_signature, leaf

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.sync.event import Event
    from optionix_core.sync.replica import Replica, ReplicaWriter, SyncState
    from optionix_core.sync.wire import PullPage, Transport

T = TypeVar("T")

PAGE: Final = 1000
"""Events in one pull."""
ATTEMPTS: Final = 4
"""How often a request is sent before the server counts as out of reach."""
FIRST_PAUSE: Final = 0.5
"""Seconds before the second attempt at most; twice as many before each further one."""
NOTED_EVERY: Final = timedelta(minutes=1)
"""How old the last contact may be in what is kept."""
ROUNDS: Final = 50
"""Pulls and pushes of one run at most: others may write as quickly as we read."""


class Rebase(Protocol):
    """Says which own events the book refuses after what was pulled."""

    def __call__(
        self, writer: ReplicaWriter, before: Head, pulled: Sequence[Record], pending: Sequence[Own]
    ) -> Mapping[int, str]:
        """Reasons by own sequence. `pulled` comes after `before`, which is the end of what `writer` has."""
        ...


class Clock(Protocol):
    """Says what time it is, as `market.clock.Clock` does."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


class Random(Protocol):
    """The part of `random.Random` that is used."""

    def random(self) -> float:
        """From 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Synced:
    """What one run did."""

    pulled: int
    pushed: int
    quarantined: int
    """Of those that were pushed now."""
    state: SyncState


class DeviceClient:
    """Brings one home and its server together; one run at a time."""

    def __init__(
        self,
        replica: Replica,
        transport: Transport,
        rebase: Rebase,
        clock: Clock,
        *,
        random: Random,
        wait: Callable[[float], None],
        batch: int = MAXIMUM_BATCH,
        page: int = PAGE,
    ) -> None:
        """`wait` passes the seconds between two attempts, which `random` spreads."""
        self._replica = replica
        self._transport = transport
        self._rebase = rebase
        self._clock = clock
        self._random = random
        self._wait = wait
        self._batch = batch
        self._page = page

    def run(self) -> Synced:
        """Pull everything, push everything, until both have the same.

        Raises VenueError or DeadlineError where the server is out of reach, RefusedError where it says no for now,
        IntegrityError where the device is stopped. What was done before is kept.
        """
        pulled = pushed = quarantined = 0
        for _ in range(ROUNDS):
            pulled += self._pull_all(self._expect_going())
            answer = self._push_once()
            if answer is None:
                break
            sent, held = answer
            pushed, quarantined = pushed + sent, quarantined + held
        return Synced(pulled, pushed, quarantined, self._replica.sync_state())

    def pull(self) -> int:
        """Pull alone; how many events came."""
        return self._pull_all(self._expect_going())

    def _expect_going(self) -> SyncState:
        state = self._replica.sync_state()
        if state.stopped_why is not None:
            raise IntegrityError(f"this device is stopped: {state.stopped_why}")
        return state

    # --- pull ---------------------------------------------------------------------------------------------------

    def _pull_all(self, state: SyncState) -> int:
        """`state`: as it was just now; another process may have pulled meanwhile, then a page is known in part."""
        total = 0
        while True:
            page = self._repeated(lambda state=state: self._transport.pull(state.remote.seq, self._page))  # type: ignore[misc]
            if self._is_known(state, page):
                return total
            with self._replica.syncing("take in what was pulled") as writer:
                asked_from, state = state.remote, writer.state()
                if state.remote != asked_from:
                    continue  # another process of this home pulled meanwhile: the page may be older than what is here
                total += self._take(writer, page)
                state = writer.state()
            if state.remote.seq >= page.head.seq or not page.events:
                return total

    def _is_known(self, state: SyncState, page: PullPage) -> bool:
        """Whether a page says nothing that is not kept already, and was said not long after the last one."""
        head = page.head
        if page.events or state.contact is None or state.head_key is None or head.stream_id != state.stream:
            return False
        if (head.seq, head.root) != state.pinned or self._clock.now() - state.contact > NOTED_EVERY:
            return False
        check_signature(head, state.head_key)
        return True

    def _take(self, writer: ReplicaWriter, page: PullPage) -> int:
        state = writer.state()
        try:
            step = self._step(writer, state, page)
        except IntegrityError as error:
            writer.note(replace(state, stopped_why=str(error)))
            raise
        writer.keep(step)
        return len(step.events)

    def _step(self, writer: ReplicaWriter, state: SyncState, page: PullPage) -> Step:
        """The page, verified; IntegrityError where the server shows another past than it did."""
        head = page.head
        if state.stream is not None and state.stream != head.stream_id:
            raise IntegrityError(f"the server shows the stream {head.stream_id}, this home follows {state.stream}")
        key = head.key if state.head_key is None else state.head_key
        check_signature(head, key)
        if head.seq < max(state.pinned[0], state.remote.seq):
            raise IntegrityError(f"the server's stream was cut: it ends at {head.seq}", head.seq + 1)
        events = [event for event in page.events if event.seq > state.remote.seq]
        frontier, at = state.frontier(), state.remote.seq
        for event in events:
            at += 1
            if event.seq != at:
                raise IntegrityError(f"this event is missing in what the server sent: the next is {event.seq}", at)
            frontier.append(leaf(event.seq, event.data, event.status, event.reason))
        pinned = state.pinned
        if at == head.seq:
            if frontier.root() != head.root:
                raise IntegrityError("the server's stream is not the one that this device pulled before", at)
            pinned = (at, head.root)
        elif at > head.seq:
            raise IntegrityError(f"the server's head says {head.seq} and it sent more", at)
        records = _records(writer, state.remote, page)
        own_back = max(
            (event.device_seq or 0 for event in events if event.device_id == state.binding.device),
            default=state.own_back,
        )
        after = replace(
            state,
            stream=head.stream_id,
            head_key=key,
            remote=state.remote if not records else Head(records[-1].seq, records[-1].hash),
            peaks=frontier.to_bytes(),
            pinned=pinned,
            own_back=max(state.own_back, own_back),
            acknowledged=max(state.acknowledged, own_back),
            contact=self._clock.now(),
            lease_hours=state.lease_hours if page.lease_hours is None else page.lease_hours,
        )
        if not events:
            return Step((), (), after)
        pending = writer.pending(after.own_back, {event.id: event.data for event in events})
        masked = self._rebase(writer, state.remote, records, pending) if pending else {}
        return Step(events, records, after, masked)

    # --- push ---------------------------------------------------------------------------------------------------

    def _push_once(self) -> tuple[int, int] | None:
        """Send one batch; None where there was nothing to send."""
        if not self._replica.waiting():
            return None
        with self._replica.syncing("collect what is to be sent") as writer:
            items = writer.outbox(self._batch)
            state = writer.state()
        if not items:
            return None
        batch = PushBatch(state.binding.device, items, self._clock.now(), state.remote.seq)
        try:
            answer = self._repeated(lambda: self._transport.push(batch))
        except RefusedError as error:
            if error.rule == PULL_FIRST:
                return 0, 0  # the next round pulls
            raise
        except IntegrityError as error:
            if any(str(error).startswith(kind) for kind in ALARMS):
                with self._replica.syncing("stop after an alarm") as writer:
                    writer.note(replace(writer.state(), stopped_why=str(error)))
            raise
        with self._replica.syncing("note what was acknowledged") as writer:
            now = writer.state()
            acknowledged = max(now.acknowledged, answer.device_cursor)
            writer.note(replace(now, acknowledged=acknowledged, contact=self._clock.now()))
        held = sum(result.status == "quarantined" for result in answer.results)
        return len(answer.results), held

    def _repeated(self, request: Callable[[], T]) -> T:
        """Send a request again where the server is out of reach: everything that is sent may come twice."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return request()
            except (VenueError, DeadlineError):
                if attempt == ATTEMPTS:
                    raise
                self._wait(FIRST_PAUSE * 2 ** (attempt - 1) * self._random.random())
        raise AssertionError("the loop returns or raises")


def _records(writer: ReplicaWriter, before: Head, page: PullPage) -> Sequence[Record]:
    """What folds see of the new events of a page, chained on."""
    here: dict[str, tuple[Event, bytes]] = {}
    found: list[Record] = []
    seq, previous = before.seq, before.hash
    for pulled in page.events:
        if pulled.seq <= before.seq:
            continue
        try:
            event = decode(pulled.data)
        except InvalidValueError as error:
            raise IntegrityError(f"the server sent what is no event: {error}", pulled.seq) from error
        if event.id != pulled.id:
            raise IntegrityError(f"the server filed {event.id!r} under {pulled.id!r}", pulled.seq)
        here[event.id] = (event, pulled.data)
        seen = effective(
            event, pulled.data, pulled.status, pulled.reason, lambda name: here.get(name) or writer.original(name)
        )
        data = pulled.data if seen is event else encode(seen)
        seq += 1
        previous = chain.link(seq, previous, data)
        found.append(Record(seq, seen, data, previous))
    return found
