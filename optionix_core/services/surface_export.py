"""A surface as a file for others: pictures, a page, rows of its smiles, or the document that is read back to the bit.

The end of the file's name says which. A page is one file that loads nothing from anywhere; the same surface gives the
same bytes, but for PNG, whose compressor has versions. Pictures need matplotlib, which the extra `optionix[pictures]`
brings; without it they are refused, before anything is fitted, and nothing else is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

from optionix_core.errors import ConfigurationError, InvalidValueError

if TYPE_CHECKING:
    from optionix_core.services.surface_pictures import PictureKind
    from optionix_core.services.surfaces import FittedSurface

ExportFormat = Literal["svg", "png", "html", "csv", "json"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
DRAWN = frozenset({"svg", "png", "html"})
PICTURES = ("smile", "term", "density", "surface")


def format_of(path: Path) -> ExportFormat:
    """By the end of the name. InvalidValueError for another one."""
    found = {f".{one}": one for one in FORMATS}.get(path.suffix.lower())
    if found is None:
        raise InvalidValueError("--to", str(path), f"a file ending in {', '.join(f'.{one}' for one in FORMATS)}")
    return found


def check(format: ExportFormat, picture: str) -> None:  # noqa: A002 - what users call it
    """Raise InvalidValueError for a picture that there is not, ConfigurationError where drawing needs an extra."""
    if picture not in PICTURES:
        raise InvalidValueError("--picture", repr(picture), f"one of {', '.join(PICTURES)}")
    if format in DRAWN:
        try:
            import matplotlib as mpl
        except ImportError:
            raise ConfigurationError(
                f"{format.upper()} needs matplotlib, which is not installed: install optionix[pictures]"
            ) from None
        del mpl


def encode(found: FittedSurface, format: ExportFormat, picture: str = "smile", place: int = 0) -> bytes:  # noqa: A002 - as above
    """The file's content. `place` is the slice of a smile or a density; `picture` is for SVG and PNG alone."""
    check(format, picture)
    if format == "csv":
        return _csv(found)
    if format == "json":
        from optionix_core.volatility.surface import document

        return document.dumps(found.surface).encode()
    from optionix_core.services import surface_pictures

    if format == "html":
        return _page(found).encode()
    return surface_pictures.draw(found, cast("PictureKind", picture), place, format)


def _csv(found: FittedSurface) -> bytes:
    """One row for each point of each smile, natural units."""
    import numpy as np

    from optionix_core.services.surfaces import smile_grid

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("expiry", "root", "years", "forward", "strike", "log_moneyness", "total_variance", "implied_volatility")
    )
    for item in found.surface.slices:
        k = smile_grid(item)
        variance = item.smile.total_variance(k)
        head = (item.expiry.isoformat(), item.root, item.years, item.forward)
        columns = (item.forward * np.exp(k), k, variance, (variance / item.years) ** 0.5)
        writer.writerows((*head, *row) for row in zip(*(column.tolist() for column in columns), strict=True))
    return text.getvalue().encode()


def _page(found: FittedSurface) -> str:
    surface = found.surface
    heading = f"{surface.underlying}: implied volatility, {surface.as_of:%Y-%m-%d %H:%M:%S} UTC"
    facts = (
        f"Model {surface.model}. {found.inside_bid_ask:.1%} of {found.quote_count:,} quotes lie within bid and ask of "
        f"their smile; rmse {found.rmse_vol_points:.2f} points of volatility."
    )
    return "".join(
        (
            "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>",
            "<meta name='viewport' content='width=device-width'>",
            f"<title>{escape(heading)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(heading)}</h1><p>{escape(facts)}</p>",
            *_pictures(found),
            _table(found),
            "</body></html>\n",
        )
    )


def _pictures(found: FittedSurface) -> Iterator[str]:
    from optionix_core.services.surface_pictures import draw

    def inline(kind: PictureKind, place: int = 0) -> str:
        svg = draw(found, kind, place, "svg").decode()
        return f"<figure>{svg[svg.index('<svg') :]}</figure>"

    several = len(found.surface.slices) > 1
    yield f"<section>{inline('surface') if several else ''}{inline('term')}</section><section>"
    for place in range(len(found.surface.slices)):
        yield inline("smile", place)
    yield "</section>"


def _table(found: FittedSurface) -> str:
    from optionix_core.services.surface_summary import summaries

    headings = ("expiry", "root", "days", "forward", "quotes", "inside", "rmse", "ATM", "RR25", "BF25", "note")
    rows = [
        (
            one.item.expiry.isoformat(),
            one.item.root,
            f"{one.days:.1f}",
            f"{one.item.forward:,.2f}",
            str(one.item.metrics.quotes),
            f"{one.item.metrics.inside_bid_ask:.0%}",
            f"{one.item.metrics.rmse_vol_points:.2f}",
            f"{100.0 * one.at_the_money:.2f}",
            "" if one.risk_reversal_25 is None else f"{100.0 * one.risk_reversal_25:.2f}",
            "" if one.butterfly_25 is None else f"{100.0 * one.butterfly_25:.2f}",
            one.note,
        )
        for one in summaries(found.surface)
    ]
    rows += [(one.expiry.isoformat(), one.root, *("",) * 8, f"skipped: {one.reason}") for one in found.surface.skipped]

    def line(cells: tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(headings, 'th')}{''.join(line(row, 'td') for row in sorted(rows))}</table>"


_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222}section{display:flex;flex-wrap:wrap}"
    "figure{margin:0 1rem 1rem 0}svg{max-width:100%;height:auto}table{border-collapse:collapse}"
    "td,th{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}"
    "td:last-child,th:last-child{text-align:left}"
)
