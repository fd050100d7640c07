"""The pricer driven by keys and mouse, on the real simulated feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.services import price_words
from optionix_core.services.what_if import ContractView
from optionix_core.services.what_if_legs import LegsView
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_text
from screens.choose import ChooseDialog
from screens.explain import ExplainDialog
from screens.host import Draft
from screens.pricer import PricerScreen
from screens.pricer_case import ContractCase, LegsCase
from screens.stage import Stage, StagedLeg
from screens.ticket import TicketDialog
from tests.tui.waiting import until, until_ready
from widgets.slider import Sliders

if TYPE_CHECKING:
    from textual.pilot import Pilot

WIDE = (120, 36)
MakeApp = Callable[..., OptionixApp]


def screen_of(app: OptionixApp) -> PricerScreen:
    frame = app.frame
    assert isinstance(frame, PricerScreen)
    return frame


def case_of(app: OptionixApp) -> ContractCase:
    case = screen_of(app)._case
    assert isinstance(case, ContractCase)
    return case


def price_of(app: OptionixApp) -> float:
    view = screen_of(app)._view
    assert isinstance(view, ContractView)
    return view.result.price


async def until_priced(pilot: Pilot[Any], app: OptionixApp) -> PricerScreen:
    await until_ready(pilot, app)
    await until(pilot, lambda: isinstance(app.frame, PricerScreen) and app.frame.settled, "a price")
    assert screen_of(app).trouble is None
    return screen_of(app)


async def write(pilot: Pilot[Any], app: OptionixApp, key: str, text: str) -> None:
    """Open the entry line with a key, replace what it holds, and send it."""
    await pilot.press(key)
    entry = screen_of(app).query_one("#entry")
    entry.value = text  # type: ignore[attr-defined] # of the entry line
    await pilot.press("enter")
    await pilot.pause()


def told(app: OptionixApp) -> str:
    return " | ".join(note.message for note in app._notifications)


async def test_an_option_is_priced_moved_typed_and_put_back(make_app: MakeApp) -> None:
    app = make_app(mode="chain")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await until_ready(pilot, app)
        await pilot.press("f3")
        screen = await until_priced(pilot, app)
        case = case_of(app)
        assert case.link is not None
        assert price_of(app) == pytest.approx(case.link.mid, abs=1e-9)
        text = screen_text(app)
        for words in ("ORBIT", "at the market", "density: smile (svi)", "closed-form", "monte-carlo", "dual gamma"):
            assert words in text

        await pilot.press("right", "shift+right")
        at = case.reach("spot")
        spot = case_of(app).options.spot
        assert spot == pytest.approx((case.options.spot or 0.0) + at.fine + at.coarse, abs=at.fine)
        assert price_of(app) > (case.link.mid or 0.0)
        text = screen_text(app)
        assert "moved: spot" in text
        assert "moved since: r again" in text, "the methods were compared at other inputs"
        assert "density: smile" not in text, "a smile's density is the market's"

        await pilot.press("down")
        await write(pilot, app, "enter", "abc")
        assert "vol must be volatility in points, such as 24.9 (got 'abc')" in told(app)
        assert screen.query_one("#entry").display, "the line stays"
        await write(pilot, app, "home", "31.5")
        assert case_of(app).options.volatility == pytest.approx(0.315)

        line = screen.command_line()
        assert price_words.parse(line) == case_of(app).options
        await pilot.press("backspace")
        assert set(case_of(app).moved) == {"spot"}
        await pilot.press("R")
        assert case_of(app).moved == {}

        await pilot.click("#sliders", offset=(20, 0))
        assert "spot" in case_of(app).moved
        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        await pilot.press("escape")
        await write(pilot, app, "d", "1000000")
        assert "dates must be days from now" in told(app)
        await pilot.press("escape")
        await pilot.press("x")
        await until(pilot, lambda: screen.settled, "the grid, once the inputs stand")
        assert screen._view is not None
        assert screen._view.grid is not None
        assert screen._view.grid.by == "days"
        assert screen.exports()["csv"]().startswith("underlying,value_now")
        assert '"methods"' in screen.exports()["json"]()

        kept = screen.arrangement()
        screen.use_arrangement({**kept, "grid": "volatility", "days": [2.0], "pane": "greeks"})
        assert screen.arrangement() == {**kept, "grid": "volatility", "days": [2.0], "pane": "greeks"}
        with pytest.raises(InvalidValueError, match=r"pricer\.grid"):
            screen.use_arrangement({"grid": "sideways"})


async def test_contract_model_method_and_words_are_chosen_by_keys(make_app: MakeApp) -> None:
    app = make_app(mode="pricer")
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        screen = await until_priced(pilot, app)
        first = case_of(app).link
        await pilot.press("]")
        await until(pilot, lambda: case_of(app).link not in (None, first) and screen.settled, "the next expiry")
        european = price_of(app)
        await pilot.press("c")
        assert isinstance(app.screen, ChooseDialog)
        await pilot.press(*"americ", "enter")
        await until(pilot, lambda: screen.settled and screen._view is not None, "the American price")
        assert (case_of(app).options.kind, price_of(app)) == ("american", pytest.approx(european, rel=0.05))
        assert price_of(app) >= european - 1e-9

        await pilot.press("c")
        await pilot.press(*"partial", "enter")
        await pilot.pause()
        assert screen.query_one("#entry").display, "its terms are asked for"
        await pilot.press("escape")
        assert "needs --barrier-type, --barrier, --barrier-time" in screen_text(app)
        spot = case_of(app).options.spot or 0.0
        words = f"--type call --strike {spot:.0f} --spot {spot} --expiry 0.3 --rate 0.04 --volatility 0.25"
        barrier = f"{words} --contract barrier --barrier {0.8 * spot:.0f}"
        await write(pilot, app, "w", f"{barrier} --barrier-typ down-out")
        assert "'--barrier-typ' is no option of optionix price; nearest: --barrier-type" in told(app)
        await write(pilot, app, "home", f"{barrier} --barrier-type down-out")
        await until(pilot, lambda: screen.settled and screen._view is not None, "the barrier option")
        text = screen_text(app)
        assert "as typed" in text
        assert "no barrier met before" in text

        await write(pilot, app, "w", f"{words.replace('--volatility 0.25', '')} --style american "
                    "--model heston --v0 0.05 --kappa 1.5 --theta 0.05 --sigma 0.4 --rho -0.6")  # fmt: skip
        await until(pilot, lambda: screen.settled and screen._view is not None, "the slow price")
        assert screen._view is not None
        assert screen._view.result.method.id == "finite-difference"  # type: ignore[union-attr] # of a contract
        assert {one.name for one in screen.query_one(Sliders).sliders} >= {"v0", "kappa", "theta", "sigma", "rho"}
        await pilot.press("M")
        await pilot.press(*"long", "enter")
        assert case_of(app).options.method == "longstaff-schwartz"
        await until(pilot, lambda: screen._work.running, "a simulation")
        await pilot.press("r")
        await until(pilot, lambda: screen.settled, "an end after cancelling")
        assert "cancelled: r prices again" in screen_text(app)
        screen.session_changed()
        assert not screen._work.running, "nothing begins again by itself"

        await pilot.press("b")
        assert "Only listed options can be traded." in told(app)
        await pilot.press("}")
        await until(pilot, lambda: screen.settled and app.session.answered and screen._case is not None, "TUNDRA")
        assert case_of(app).link is not None
        assert (case_of(app).link or 0).underlying == "TUNDRA"  # type: ignore[union-attr] # it is linked


async def test_legs_and_positions_come_from_other_screens(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(mode="chain")
    async with app.run_test(size=(200, 55), notifications=True) as pilot:
        await until_ready(pilot, app)
        view = app.session.chain
        assert view is not None
        at = [row.strike for row in view.rows].index(view.at_the_money or 0.0)
        call, further = view.rows[at].call.symbol, view.rows[at + 2].call.symbol
        assert call is not None
        assert further is not None
        app.open_pricer([StagedLeg(call, -2)])
        screen = await until_priced(pilot, app)
        assert "-2 × 100" in screen_text(app)
        with monkeypatch.context() as patched:
            drafts: list[Draft] = []
            patched.setattr(app, "open_ticket", drafts.append)
            await pilot.press("b")
            assert [(draft.side, draft.symbol, draft.quantity) for draft in drafts] == [("buy", call, 2)]
        assert case_of(app).link is not None

        app.set_stage(Stage((StagedLeg(call, 1), StagedLeg(further, -1))))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(screen._view, LegsView) and screen.settled, "the legs")
        text = screen_text(app)
        for words in ("bull call spread", "max +", "max −", "BE", "PoP", "density: smile (svi)"):
            assert words in text
        assert isinstance(screen._view, LegsView)
        assert screen._view.profit == pytest.approx(0.0, abs=1e-6)
        assert screen.command_line().startswith("optionix strategy payoff --legs")
        assert '"name": "bull-call-spread"' in screen.exports()["json"]()

        await pilot.press("down", "right")
        assert isinstance(screen._case, LegsCase)
        assert screen._case.moves.volatility == pytest.approx(0.001)
        assert screen._view.profit != 0.0
        await pilot.press("i")
        assert isinstance(app.screen, ExplainDialog)
        await pilot.press("escape", "c")
        assert "not for several legs" in told(app)
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, TicketDialog), "a ticket for the legs")
        await pilot.press("escape")
        await app.run_line(f"pricer {call}")
        await until(pilot, lambda: isinstance(screen._case, ContractCase) and screen.settled, "one option again")


async def test_a_slider_that_is_dragged_shows_every_step_at_once(make_app: MakeApp) -> None:
    """What is prompt waits for no thread once its kernels are loaded."""
    app = make_app(mode="pricer")
    async with app.run_test(size=WIDE) as pilot:
        screen = await until_priced(pilot, app)
        low, high = case_of(app).reach("spot")[:2]
        prices = []
        for share in (0.3, 0.4, 0.5, 0.6, 0.7):
            screen.on_sliders_dragged(Sliders.Dragged("spot", low + share * (high - low)))
            assert not screen._work.running
            assert screen._moving is not None, "the grid waits"
            prices.append(price_of(app))
        assert prices == sorted(prices)
