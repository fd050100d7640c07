"""`optionix calibrate slv`: a leverage on Heston's variance that meets a surface, checked and written to a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli import slv_layout
from optionix_tui.cli.chain_source import FileFormat, Mapped, On, Rate
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import check_target
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, emit, say
from optionix_tui.cli.surface_source import Model, Where, surface_of

if TYPE_CHECKING:
    from optionix_core.pricing.models.heston import HestonModel

EXAMPLES = (
    "optionix calibrate slv ORBIT --horizon 2027-01-15 --particles 16384 --save slv.json",
    "optionix calibrate slv orbit.json --mixing 0.5 --particles 16384 --no-check --json | jq '.heston'",
)

File = Annotated[
    str,
    typer.Argument(
        help="A chain (imported, an underlying of the feed, a file, or -), or a surface that was saved.",
        metavar="FILE",
    ),
]


def _parameter(name: str, meaning: str) -> object:
    return typer.Option(f"--{name}", help=f"{meaning}; Heston is fitted where none of the five is given.", metavar="X")


V0 = Annotated[float | None, _parameter("v0", "Variance now")]
Kappa = Annotated[float | None, _parameter("kappa", "Speed of reversion")]
Theta = Annotated[float | None, _parameter("theta", "Variance in the long run")]
Sigma = Annotated[float | None, _parameter("sigma", "Volatility of variance")]
Rho = Annotated[float | None, _parameter("rho", "Correlation of price and variance")]


def slv(
    context: typer.Context,
    file: File,
    *,
    model: Model = None,
    horizon: Annotated[
        date | None,
        typer.Option("--horizon", help="Up to this expiry; the last without it.", metavar="YYYY-MM-DD"),
    ] = None,
    mixing: Annotated[
        float,
        typer.Option("--mixing", help="Share of the volatility of variance that is kept, 0 to 1.", metavar="FRACTION"),
    ] = 1.0,
    v0: V0 = None,
    kappa: Kappa = None,
    theta: Theta = None,
    sigma: Sigma = None,
    rho: Rho = None,
    particles: Annotated[int, typer.Option("--particles", help="Of the leverage, a multiple of 256.", metavar="N")] = 1
    << 18,
    seed: Annotated[int, typer.Option("--seed", help="Of all random numbers.", metavar="N")] = 1,
    no_check: Annotated[bool, typer.Option("--no-check", help="Reprice no vanillas.")] = False,
    paths: Annotated[
        int | None,
        typer.Option("--paths", help="Of the check, for each vanilla; 16,384 without it.", metavar="N"),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Write the model to a file as JSON; the history does not hold it.", metavar="PATH"),
    ] = None,
    file_format: FileFormat = None,
    mapped: Mapped = None,
    on: On = None,
    rate: Rate = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Stochastic local volatility: Heston's variance under a leverage that meets a surface, by particles.

    The check prices three vanillas of every expiry by simulation; distances and standard errors are in hundredths of a
    vol point.
    """
    from optionix_core.services import slv_calibration
    from optionix_tui.cli.price_progress import ProgressLine, interruptible

    check_target(save, "--save")
    if no_check and paths is not None:
        raise UsageError("--paths is for the check, and --no-check leaves it out")
    heston = _heston({"v0": v0, "kappa": kappa, "theta": theta, "sigma": sigma, "rho": rho})
    checked = None if no_check else slv_calibration.PATHS if paths is None else paths
    asked = slv_calibration.Asked(heston, horizon, mixing, particles, seed, checked)
    found = surface_of(face_of(context), Where(file, None, model, None, file_format, mapped, on, rate))
    if not slv_calibration.is_prepared():
        say("compiling the kernels, once on this machine")
    line = ProgressLine("calibrating")
    try:
        with interruptible() as stopped:
            made = slv_calibration.calibrate(
                found, asked, progress=lambda done: line(round(1000.0 * done), 1000), cancel=stopped
            )
    finally:
        line.clear()
    if save is not None:
        say(f"wrote {save} ({slv_calibration.save(made, save):,} bytes)")
    report = slv_calibration.to_json(made, save)
    emit(chosen(format_, as_json), report, slv_layout.rows(report), slv_layout.table(report))


def _heston(given: dict[str, float | None]) -> HestonModel | None:
    """The model of the five parameters; None where none of them is given."""
    values = {name: value for name, value in given.items() if value is not None}
    if not values:
        return None
    missing = [f"--{name}" for name in given if name not in values]
    if missing:
        raise UsageError(f"give all five of Heston's parameters or none ({', '.join(missing)} missing)")
    from optionix_core.pricing.models.heston import HestonModel

    return HestonModel(**values)
