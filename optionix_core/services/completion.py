"""What a shell may offer while a command is typed: names of the home and of feeds that need no network.

Nothing here writes, and nothing is asked of an exchange: a feed over a network offers nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.services.feeds import SIMULATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from optionix_core.services.workspace import Workspace

LOCAL: Final = frozenset({SIMULATED, "file", "replay"})


class Offer(NamedTuple):
    """One way to go on."""

    text: str
    meaning: str = ""


def offers(workspace: Workspace, subject: str, words: Sequence[str] = (), underlying: str | None = None) -> list[Offer]:
    """Names of a `subject` of `SUBJECTS`; `words` are those of the same argument that are there already.

    Raises what reading the home or the feed raises.
    """
    return list(SUBJECTS[subject](workspace, words, underlying))


def _underlyings(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    if not _is_local(workspace):
        return ()
    return (Offer(item.symbol, item.name) for item in workspace.feed.underlyings())


def _symbols(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    """Word by word: `ORBIT 15JAN27 230 C`."""
    if not _is_local(workspace):
        return ()
    if not words:
        return _underlyings(workspace, words, underlying)
    name, moment = words[0].upper(), workspace.clock.now()
    if name not in {item.symbol for item in workspace.feed.underlyings()}:
        return ()
    listed = {f"{expiry:%d%b%y}".upper(): (expiry, root) for expiry, root in workspace.feed.expiries(name, moment)}
    if len(words) == 1:
        return (Offer(text, _days(expiry, moment.date())) for text, (expiry, _) in listed.items())
    found = listed.get(words[1].upper())
    if found is None:
        return ()
    if len(words) == 2:
        strikes = {strike for item in workspace.feed.chain(name, moment, *found).slices for strike in item.strikes}
        return (Offer(f"{strike:g}", "strike") for strike in sorted(strikes))
    return (Offer("C", "call"), Offer("P", "put")) if len(words) == 3 else ()


def _days(expiry: date, today: date) -> str:
    return f"{(expiry - today).days} days"


def _expiries(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words
    if not _is_local(workspace):
        return ()
    moment = workspace.clock.now()
    name = (underlying or workspace.feed.underlyings()[0].symbol).upper()
    days = dict.fromkeys(expiry for expiry, _ in workspace.feed.expiries(name, moment))
    return (Offer(f"{expiry:%Y-%m-%d}", _days(expiry, moment.date())) for expiry in days)


def _orders(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    from optionix_core.services.order_board import OrderBoardViewer

    return (
        Offer(order.intent.client_order_id, f"{order.state}: {order.intent.side} {order.intent.quantity}")
        for order in OrderBoardViewer(workspace).view().orders
    )


def _algorithms(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    from optionix_core.services.order_board import OrderBoardViewer

    lines = OrderBoardViewer(workspace).view().algorithms
    return (Offer(one.story.parent.algo_id, f"{one.story.state}: {one.story.parent.kind}") for one in lines)


def _alerts(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    from optionix_core.services import alerts

    return (Offer(one.opened.alert.alert_id, one.status) for one in alerts.standing(workspace))


def _watchlists(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    from optionix_core.services import watchlists

    return (Offer(one.name, f"{len(one.symbols)} symbols") for one in watchlists.listing(workspace))


def _chains(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    from optionix_core.services import chains

    for one in chains.listing(workspace.home):
        yield Offer(one.name, f"{one.underlying} of {one.as_of:%Y-%m-%d}, imported")
    yield from _underlyings(workspace, words, underlying)


def _recordings(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    for name in _feed_names(workspace, "replay:"):
        yield Offer(name.removeprefix("replay:"), "recording")


def _feeds(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    return (Offer(name, "feed") for name in _feed_names(workspace, ""))


def _feed_names(workspace: Workspace, start: str) -> Iterable[str]:
    from optionix_core.services import feeds

    return (entry.name for entry in feeds.listing(workspace.home) if entry.name.startswith(start))


def _accounts(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del words, underlying
    workspace.desk.follow(workspace.store)
    return (Offer(state.account, "account") for state in workspace.desk.book.accounts())


def _strategies(workspace: Workspace, words: Sequence[str], underlying: str | None) -> Iterable[Offer]:
    del workspace, words, underlying
    from optionix_core.services.strategies_json import catalogue

    return (Offer(str(one["name"]), "strategy") for one in catalogue())


def _is_local(workspace: Workspace) -> bool:
    return workspace.feed_name.partition(":")[0] in LOCAL


SUBJECTS: Final[Mapping[str, Callable[[Workspace, Sequence[str], str | None], Iterable[Offer]]]] = {
    "underlying": _underlyings,
    "symbol": _symbols,
    "expiry": _expiries,
    "order": _orders,
    "algorithm": _algorithms,
    "alert": _alerts,
    "watchlist": _watchlists,
    "chain": _chains,
    "recording": _recordings,
    "feed": _feeds,
    "account": _accounts,
    "strategy": _strategies,
}
