"""`optionix what-if`: one contract or several legs under moves of spot, volatility and time."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_core.services.price_options import PriceOptions
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.price_command import GIVEN, TermCommand
from optionix_tui.cli.price_progress import ProgressLine, interruptible
from optionix_tui.cli.pricing import (
    AccuracyOption,
    DividendsOption,
    ExpiryOption,
    ProportionalOption,
    RateOption,
    SpotOption,
    StrikeOption,
    StyleOption,
    TypeOption,
    VolatilityOption,
    YieldOption,
)
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.what_if_legs_market import LegsMarket
    from optionix_core.services.what_if_scenarios import Scenarios

ONE = "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05 --volatility 0.25"
LEGS = (
    '[{"type":"call","strike":100,"quantity":1,"price":5,"years":0.25},'
    '{"type":"call","strike":110,"quantity":-1,"price":2,"years":0.25}]'
)


def what_if(
    context: typer.Context,
    *,
    spot_moves: Annotated[
        str | None,
        typer.Option("--moves", help="Moves of the spot as fractions; nine around it without.", metavar="N[,N...]"),
    ] = None,
    vol_moves: Annotated[
        str | None,
        typer.Option("--vol-moves", help="Moves of the volatility (0.05: five points up).", metavar="N[,N...]"),
    ] = None,
    days: Annotated[
        str | None, typer.Option("--days", help="Calendar days that have passed.", metavar="N[,N...]")
    ] = None,
    legs: Annotated[
        str | None,
        typer.Option("--legs", help="Several legs instead, as strategy payoff reads them.", metavar="JSON"),
    ] = None,
    multiplier: Annotated[
        Decimal, typer.Option("--multiplier", help="Units of the underlying per contract of a leg.", metavar="N")
    ] = Decimal(100),
    type_: TypeOption = None,
    spot: SpotOption = None,
    strike: StrikeOption = None,
    expiry: ExpiryOption = None,
    rate: RateOption = None,
    volatility: VolatilityOption = None,
    dividend_yield: YieldOption = None,
    dividend: DividendsOption = None,
    proportional_dividend: ProportionalOption = None,
    style: StyleOption = None,
    contract: Annotated[
        str | None, typer.Option("--contract", help="Kind of contract; its terms are options below.", metavar="NAME")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model; its parameters are options below.", metavar="NAME")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", help="Price by this method, not the preferred one.", metavar="NAME")
    ] = None,
    accuracy: AccuracyOption = None,
    paths: Annotated[int | None, typer.Option("--paths", help="Paths of a simulation.", metavar="N")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of a simulation.", metavar="N")] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the value by spot, a curve for each of --days.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Value under every combination of moves of spot, volatility and days, each priced; no Greeks are used for it.

    One contract, per unit, in the words of `optionix price`; or profit of several legs, in money, with --legs.
    """
    format_ = chosen(format_, as_json)
    if plot and format_ is not Format.TABLE:
        raise UsageError(f"--plot draws a picture, and --format {format_} is none")
    moves = _Moves(_numbers("--moves", spot_moves), _numbers("--vol-moves", vol_moves), _numbers("--days", days))
    terms: dict[str, str] = context.meta.get(GIVEN, {})
    if legs is not None:
        given = (type_, strike, expiry, dividend, proportional_dividend, style, contract, model, method, *terms)
        if any(one is not None for one in given):
            raise UsageError("--legs tells the contracts: of price's options only --spot, --rate, --dividend-yield and "
                             "--volatility go with it")  # fmt: skip
        _of_legs(context, (legs, multiplier), (spot, rate, dividend_yield, volatility), moves, format_, plot=plot)
        return
    options = PriceOptions(
        type=type_, spot=spot, strike=strike, expiry=expiry, rate=rate, dividend_yield=dividend_yield,
        volatility=volatility, style=style, contract=contract, model=model, dividends=tuple(dividend or ()),
        proportional_dividends=tuple(proportional_dividend or ()), method=method, accuracy=accuracy, paths=paths,
        seed=seed, terms=terms,
    )  # fmt: skip
    _of_contract(options, moves, format_, plot=plot)


class _Moves:
    """What was typed of moves; None where nothing was."""

    def __init__(
        self, spot: tuple[float, ...] | None, volatility: tuple[float, ...] | None, days: tuple[float, ...] | None
    ) -> None:
        self.spot = spot
        self.volatility = volatility or (0.0,)
        self.days = days or (0.0,)


def _of_contract(options: PriceOptions, moves: _Moves, format_: Format, *, plot: bool) -> None:
    from optionix_core.services import contract_pricing
    from optionix_core.services import what_if as service
    from optionix_core.services.what_if_scenarios import of_contract

    line = ProgressLine("pricing scenarios")
    asked = service.request(options)
    try:
        with interruptible() as stopped:
            if plot:
                dates = tuple(day / 365.0 for day in moves.days if 0.0 < day / 365.0 < asked.contract.expiry)
                view = service.contract_view(options, dates=dates, by=None, progress=line, cancel=stopped)
            else:
                found = of_contract(options, moves.spot, moves.volatility, moves.days, line, stopped)
    finally:
        line.clear()
    if plot:
        _draw(view.picture, asked.market.spots[0], f"value of a {asked.contract.kind}")
        return
    told = contract_pricing.request_terms(asked)
    _write(found, {name: told[name] for name in ("contract", "model", "market")}, format_, "value per unit")


def _of_legs(
    context: typer.Context, legs: tuple[str, Decimal], numbers: tuple[float | None, ...], moves: _Moves,
    format_: Format, *, plot: bool,
) -> None:  # fmt: skip
    from optionix_core.services import strategies_json
    from optionix_core.services.what_if_legs import legs_view
    from optionix_core.services.what_if_scenarios import of_legs

    market = _legs_market(context, legs, numbers)
    if plot:
        dates = tuple(day / 365.0 for day in moves.days if 0.0 < day / 365.0 < market.terms.nearest)
        _draw(legs_view(market, dates=dates, by=None, full=False).picture, market.terms.spot, "profit of the legs")
        return
    found = of_legs(market, moves.spot, moves.volatility, moves.days)
    pairs = zip(market.strategy.legs, market.terms.legs, strict=True)
    rows = [strategies_json.leg_record(leg, one) for leg, one in pairs]
    _write(found, {"name": market.strategy.name, "legs": rows}, format_, "profit")


def _legs_market(context: typer.Context, legs: tuple[str, Decimal], numbers: tuple[float | None, ...]) -> LegsMarket:
    from optionix_core.portfolio.strategies import model
    from optionix_core.portfolio.strategies.recognition import recognise
    from optionix_core.services.what_if_legs_market import LegsMarket
    from optionix_tui.cli import strategy_source

    given = strategy_source.read(*legs)
    strategy = recognise([one.leg for one in given])
    ordered = strategy_source.along(strategy, given)
    market = strategy_source.Numbers(*numbers).market()
    if market is None:
        raise UsageError("--spot is missing: what legs are worth elsewhere needs --spot and --rate")
    now = face_of(context).clock.now()
    years = tuple(
        one.years if one.years is not None or one.leg.expiry is None else (one.leg.expiry - now.date()).days / 365.0
        for one in ordered
    )
    volatilities = tuple(market.volatility if one.volatility is None else one.volatility for one in ordered)
    terms = model.flat_terms(strategy, market.spot, years, volatilities, market.rate, market.dividend_yield)
    return LegsMarket("", "typed", now, strategy, terms, market.volatility, None)


def _write(found: Scenarios, terms: dict[str, Any], format_: Format, what: str) -> None:
    from optionix_core.services import what_if_scenarios

    headings, rows = what_if_scenarios.table(found)
    title = f"{what}: now {found.value:,.6g}; columns are spots, vol in points"
    emit(
        format_,
        what_if_scenarios.to_json(found, terms),
        what_if_scenarios.records(found),
        Table(headings, rows, title, frozenset()),
    )


def _draw(picture: Any, spot: float, title: str) -> None:
    from optionix_tui.cli.plot import layers

    curves = []
    names = []
    for one in picture.curves:
        points = [(x, y) for x, y in zip(picture.spots.tolist(), one.values.tolist(), strict=True) if y == y]  # noqa: PLR0124 - nan
        curves.append(([x for x, _ in points], [y for _, y in points]))
        names.append("now" if not one.elapsed else f"+{one.elapsed * 365.0:.4g}d")
    sys.stdout.write(layers(f"{title}: {', '.join(names)}", curves, marked=spot))


def _numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    from optionix_core.services.price_terms import numbers

    return numbers(option, text)


what_if_command = typer.Typer(add_completion=False, rich_markup_mode=None)
what_if_command.command(
    "what-if",
    cls=TermCommand,
    epilog=examples(
        f"optionix what-if {ONE}",
        f"optionix what-if {ONE} --moves -0.1,0,0.1 --vol-moves -0.05,0,0.05 --days 0,30,60",
        f"optionix what-if {ONE} --style american --days 0,60,120 --plot",
        f"optionix what-if --legs '{LEGS}' --spot 104 --rate 0.04 --volatility 0.22 --days 0,30 --json",
    ),
)(what_if)
