"""What all screens share: the workspace, what is chosen, and the latest values that arrived.

Only the application's own thread changes a session. The values in it are immutable, so that a screen may
keep and compare them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from screens.stage import Stage, StagedLeg

if TYPE_CHECKING:
    from pathlib import Path

    from optionix_core.errors import OptionixError
    from optionix_core.feeds.replay import ReplayState
    from optionix_core.market.clock import Clock
    from optionix_core.market.protocols import UnderlyingInfo
    from optionix_core.services.book_view import BookView
    from optionix_core.services.chain_view import ChainView
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.kill_switch import KillSwitch
    from optionix_core.trading.limit_board import Breach
    from screens.team import SyncNews, TeamLink


@dataclass(frozen=True, slots=True)
class Selection:
    """What the chain screen is to show; None leaves the choice to the feed's order."""

    underlying: str | None = None
    expiry: date | None = None
    root: str | None = None

    def answered_by(self, view: ChainView) -> bool:
        """Whether `view` is of what is chosen."""
        return (
            self.underlying in {None, view.underlying}
            and self.expiry in {None, view.expiry}
            and self.root in {None, view.root}
        )


@dataclass(frozen=True, slots=True)
class Warming:
    """What is being loaded or compiled, in words, and how much of it is done."""

    step: str
    share: float | None = None
    """0 to 1, None where it cannot be told."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is recorded while the terminal runs."""

    path: Path
    moments: int
    problem: str | None = None
    """Why it ended."""


@dataclass(slots=True)
class Session:
    """The shared state."""

    workspace: Workspace
    selection: Selection = field(default_factory=Selection)
    underlyings: tuple[UnderlyingInfo, ...] = ()
    chain: ChainView | None = None
    book: BookView | None = None
    warming: Warming | None = field(default_factory=lambda: Warming("starting"))
    problem: OptionixError | None = None
    """Why there are no fresh quotes, shown in place of them."""
    book_problem: OptionixError | None = None
    stage: Stage = field(default_factory=Stage)
    """Legs put together so far."""
    priced: tuple[StagedLeg, ...] = ()
    """What the pricer was last asked to show."""
    replay: ReplayState | None = None
    """Where the recording that is looked at stands; None where none is."""
    recording: Recording | None = None
    kill: KillSwitch | None = None
    """As the log had it when the book was read."""
    breaches: tuple[Breach, ...] = ()
    """Of limits, as the log had them then: those that are not both cleared and seen."""

    team: TeamLink | None = None
    """This home's side of a team server; None where none can be used."""
    sync: SyncNews | None = None
    """Who is signed in on it and how far this home is in step; None before anybody looked."""

    @property
    def answered(self) -> bool:
        """Whether the chain that is here is of what is chosen now."""
        return self.chain is not None and self.selection.answered_by(self.chain)

    @property
    def clock(self) -> Clock:
        """The workspace's clock."""
        return self.workspace.clock

    @property
    def now(self) -> datetime:
        """The present moment (UTC)."""
        return self.workspace.clock.now()

    @property
    def account(self) -> str:
        """The trading account."""
        return self.workspace.account

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written to the log and the home."""
        return self.workspace.home.read_only

    def held(self, symbol: str | None) -> Decimal | None:
        """Contracts held of an instrument in the account; None where none."""
        return None if self.book is None or symbol is None else self.book.held.get(symbol)
