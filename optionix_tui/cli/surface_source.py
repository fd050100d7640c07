"""Which surface a command means: one from a file, or one fitted now to a chain, and the options that say how."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.chain_source import FileFormat, Mapped, On, Rate, load, mapping
from optionix_tui.cli.files import DASH, as_file
from optionix_tui.cli.output import say

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain
    from optionix_core.services.surfaces import FittedSurface
    from optionix_tui.cli.face import Face

__all__ = ["Against", "Expiry", "FileFormat", "Mapped", "Model", "On", "Rate", "Root", "Source", "Symbol", "Where"]

DEFAULT_MODEL = "svi"

Source = Annotated[
    str | None,
    typer.Argument(
        help="A chain (imported, an underlying of the feed, a file, or -), or a surface that was saved.",
        metavar="FILE",
    ),
]
Symbol = Annotated[
    str | None, typer.Option("--feed", help="The feed's chain of this underlying, instead of FILE.", metavar="SYMBOL")
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="svi (the default), ssvi, essvi, spline or sabr.", metavar="MODEL"),
]
Against = Annotated[
    str | None,
    typer.Option("--quotes", help="The chain that a saved surface is set beside.", metavar="CHAIN"),
]
Expiry = Annotated[
    date | None, typer.Option("--expiry", help="This expiry; the nearest without it.", metavar="YYYY-MM-DD")
]
Root = Annotated[str | None, typer.Option("--root", help="Its root, where several share the date.", metavar="ROOT")]


class Where(NamedTuple):
    """What was typed."""

    source: str | None
    symbol: str | None
    model: str | None = None
    against: str | None = None
    file_format: str | None = None
    mapped: list[str] | None = None
    on: date | None = None
    rate: float | None = None


def surface_of(face: Face, where: Where) -> FittedSurface:
    """The surface that is meant: read, or fitted. What has no say in it is refused rather than passed over."""
    from optionix_core.services import chains, surfaces

    if (where.source is None) == (where.symbol is None):
        raise UsageError("give either FILE or --feed SYMBOL")
    if where.source is None:
        return fitted(where, _of_feed(face, where))
    with as_file(where.source) as path:
        if surfaces.is_document(path):
            return _kept(face, where, path)
        if where.source == DASH:
            chain = chains.load(face.home, path, where.file_format, mapping(where.mapped), where.on)
        else:
            chain = load(face, where.source, where.file_format, where.mapped, where.on)
    return fitted(where, chain)


def _of_feed(face: Face, where: Where) -> OptionChain:
    from optionix_core.services.feed_chains import chain_of

    symbol = str(where.symbol)
    for option, value in (("--input-format", where.file_format), ("--map", where.mapped), ("--date", where.on)):
        if value is not None:
            raise UsageError(f"{option} is for files, and --feed names none")
    with face.workspace() as workspace:
        return chain_of(workspace.feed, symbol, workspace.clock.now())


def _kept(face: Face, where: Where, path: Path) -> FittedSurface:
    from optionix_core.services import surfaces

    given: dict[str, Any] = {"--model": where.model}
    if where.against is None:
        given |= {
            "--rate": where.rate,
            "--input-format": where.file_format,
            "--map": where.mapped,
            "--date": where.on,
        }
    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} is for chains, and {where.source} is a surface that was fitted before")
    found = surfaces.read(path)
    if where.against is None:
        return found
    chain = load(face, where.against, where.file_format, where.mapped, where.on)
    return surfaces.with_quotes(found, chain, where.rate)


def fitted(where: Where, chain: OptionChain) -> FittedSurface:
    """The surface of a chain by the chosen model."""
    from optionix_core.services import surfaces

    if where.against is not None:
        raise UsageError("--quotes is for a surface that was saved: a fit is set beside its own chain")
    model = surfaces.model_of(where.model or DEFAULT_MODEL)
    if not surfaces.is_prepared(model):
        say("compiling the kernels, once on this machine")
    surfaces.prepare(model)
    return surfaces.fit(chain, model, rate=where.rate)
