"""How a stochastic local volatility is laid out for eyes and as flat rows: what it is made of, its vanillas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optionix_tui.cli.output import Table

Report = Mapping[str, Any]
ORIGINS = {"given": "as given", "quotes": "fitted to the quotes", "smiles": "fitted to the surface's smiles"}
HESTON = ("v0", "kappa", "theta", "sigma", "rho")


def rows(report: Report) -> list[dict[str, Any]]:
    """A flat row for each vanilla of the check; a single one of the model where there was none."""
    head = {name: report[name] for name in ("underlying", "as_of", "mixing")}
    if report["check"] is not None:
        return [{**head, **one} for one in report["check"]["vanillas"]]
    found = {name: report["heston"][name] for name in HESTON}
    return [{**head, "horizon": report["horizon"]["expiry"], **found, "seconds": report["seconds"]}]


def table(report: Report) -> Table:
    """A row for each vanilla, volatilities in percent; the model and how it was made above."""
    title = "\n".join([_head(report), *_parts(report), _seconds(report), _kept(report)])
    check = report["check"]
    if check is None:
        return Table(title=title)
    cells = [
        (
            one["expiry"],
            one["root"],
            one["type"],
            f"{one['strike']:,.2f}",
            f"{100.0 * one['surface_volatility']:.2f}",
            _figure(one["model_volatility"], 100.0, "{:.2f}"),
            _figure(one["distance_bp"], 1.0, "{:+.1f}"),
            _figure(one["standard_error_bp"], 1.0, "{:.1f}"),
        )
        for one in check["vanillas"]
    ]
    headings = ("expiry", "root", "type", "strike", "surface %", "model %", "distance bp", "error bp")
    return Table(headings, cells, title, frozenset({0, 1, 2}))


def _head(report: Report) -> str:
    horizon = report["horizon"]
    return (
        f"stochastic local volatility on {report['underlying']}, as of {report['as_of']}, "
        f"mixing {report['mixing']:g}, up to {horizon['expiry']} ({horizon['years']:.3f} years)"
    )


def _parts(report: Report) -> list[str]:
    surface, local, heston, leverage = (report[name] for name in ("surface", "local_volatility", "heston", "leverage"))
    skipped = f", {surface['skipped']} skipped" if surface["skipped"] else ""
    error = heston["rmse_volatility"]
    feller = "" if heston["feller"] else ", Feller's condition broken"
    fit = feller if error is None else f", rmse {100.0 * error:.2f} vol points"
    values = ", ".join(f"{name} {heston[name]:.6g}" for name in HESTON)
    expiries = f"{surface['expiries']} expir{'y' if surface['expiries'] == 1 else 'ies'}{skipped}"
    quality = f"{surface['quotes']:,} quotes, rmse {surface['rmse_vol_points']:.2f} vol points"
    repairs = f"{local['calendar']} calendar, {local['butterfly']} butterfly, {local['capped']} capped"
    made = f"{leverage['particles']:,} particles, {leverage['steps']} steps, seed {leverage['seed']}"
    wanting = f"{leverage['unseen']:,} without particles, {leverage['floored']:,} floored"
    lines = [
        f"surface: {surface['model']}, {expiries}, {quality}",
        f"local volatility: {local['nodes']:,} nodes, repaired: {repairs}",
        f"Heston {ORIGINS[heston['origin']]}: {values}{fit}",
        *(f"note: {note}" for note in heston["notes"]),
        f"leverage: {made}; of {leverage['nodes']:,} nodes {wanting}",
    ]
    check = report["check"]
    if check is None:
        return [*lines, "vanillas not checked"]
    unsolved = f", {check['unsolved']} without a volatility" if check["unsolved"] else ""
    median, worst = (_figure(check[name], 1.0, "{:.1f}") for name in ("median_bp", "largest_bp"))
    simulated = f"{len(check['vanillas'])} vanillas by {check['paths']:,} paths each"
    return [*lines, f"check: {simulated}, off by {median} bp of volatility in the median, worst {worst}{unsolved}"]


def _seconds(report: Report) -> str:
    named = [(name, report[name]) for name in ("surface", "heston", "leverage", "check")]
    parts = [f"{name} {part['seconds']:.2f}" for name, part in named if part and part["seconds"] is not None]
    return f"seconds: {report['seconds']:.2f} ({', '.join(parts)})"


def _kept(report: Report) -> str:
    if report["saved"] is None:
        return "not kept: --save writes the model to a file, the history of calibrations does not hold it"
    return f"kept in {report['saved']}, not in the history of calibrations"


def _figure(value: float | None, scale: float, form: str) -> str:
    return "none" if value is None else form.format(scale * value)
