"""How a calibration is laid out for eyes and as flat rows, from its record alone: a fresh one and a kept one alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optionix_tui.cli.output import Table

Record = Mapping[str, Any]
NAMES = {"heston": "Heston", "bates": "Bates", "merton": "Merton", "double-heston": "double Heston", "sabr": "SABR"}


def rows(record: Record) -> list[dict[str, Any]]:
    """A flat row for each fit, natural units."""
    return [_row(record, fit) for fit in record["fits"]]


def summary(record: Record) -> dict[str, Any]:
    """One line of the history."""
    counts = [sum(item["quotes"] for item in fit["expiries"]) for fit in record["fits"]]
    squares = sum(
        count * fit["calibration"]["rmse_volatility"] ** 2 for count, fit in zip(counts, record["fits"], strict=True)
    )
    return {
        "id": record["id"],
        "time": record["time"],
        "model": record["model"],
        "underlying": record["underlying"],
        "as_of": record["as_of"],
        "source": record["source"],
        "expiries": sum(len(fit["expiries"]) for fit in record["fits"]),
        "quotes": sum(counts),
        "rmse_volatility": (squares / sum(counts)) ** 0.5,
        "parameters": _parameters(record["fits"][0]) if len(record["fits"]) == 1 else None,
        "converged": all(fit["calibration"]["converged"] for fit in record["fits"]),
    }


def _parameters(fit: Mapping[str, Any]) -> dict[str, float]:
    return {one["name"]: one["value"] for one in fit["calibration"]["parameters"]}


def history_table(lines: list[dict[str, Any]]) -> Table:
    """The calibrations kept, the newest first."""
    if not lines:
        return Table(title="nothing has been calibrated yet")
    headings = ("id", "model", "underlying", "as of", "expiries", "quotes", "rmse")
    cells = [
        (
            line["id"],
            line["model"],
            line["underlying"],
            line["as_of"],
            str(line["expiries"]),
            f"{line['quotes']:,}",
            _points(line["rmse_volatility"]),
        )
        for line in lines
    ]
    return Table(headings, cells, left=frozenset(range(4)))


def table(record: Record) -> Table:
    """Parameters with their errors; for a fit an expiry, as SABR's, a row each. What must be known is said above."""
    fits = record["fits"]
    if record["model"] == "sabr":
        return _by_expiry(record)
    found = fits[0]["calibration"]
    cells = [
        (
            one["name"],
            f"{one['value']:.6g}",
            "" if one["standard_error"] is None else f"{one['standard_error']:.2g}",
            one["at_bound"],
        )
        for one in found["parameters"]
    ]
    lines = [_head(record), _quality(record), *_starts(found), *(f"note: {note}" for note in found["notes"])]
    left = frozenset({0, 3})
    return Table(("parameter", "value", "standard error", "bound"), cells, "\n".join(lines), left)


def _by_expiry(record: Record) -> Table:
    names = [one["name"] for one in record["fits"][0]["calibration"]["parameters"]]
    cells = []
    for fit in record["fits"]:
        found, expiry = fit["calibration"], fit["expiries"][0]
        cells.append(
            (
                expiry["expiry"],
                expiry["root"],
                str(expiry["quotes"]),
                *(f"{one['value']:.4g}" for one in found["parameters"]),
                _points(found["rmse_volatility"]),
                _points(found["max_error"]),
                "; ".join(found["notes"]),
            )
        )
    headings = ("expiry", "root", "quotes", *names, "rmse", "worst", "note")
    beta = record["fits"][0]["calibration"]["beta"]
    title = f"{_head(record)}, beta {beta:g}\n{_quality(record)}"
    return Table(headings, cells, title, frozenset({0, 1, len(headings) - 1}))


def _head(record: Record) -> str:
    american = ", without early exercise" if record["american"] else ""
    name = NAMES[record["model"]]
    return f"{name} on {record['underlying']}, as of {record['as_of']}, weighted by {_weights(record)}{american}"


def _weights(record: Record) -> str:
    return "the spread" if record["weights"] == "spread" else "nothing"


def _quality(record: Record) -> str:
    line = summary(record)
    worst = max(fit["calibration"]["max_error"] for fit in record["fits"])
    skipped = f", {len(record['skipped'])} left out" if record["skipped"] else ""
    expiries = f"{line['expiries']} expir{'y' if line['expiries'] == 1 else 'ies'}"
    error = f"rmse {_points(line['rmse_volatility'])} vol points, worst {_points(worst)}"
    return f"{line['quotes']:,} quotes of {expiries}{skipped}: {error}"


def _starts(found: Record) -> list[str]:
    same = sum(start["same_optimum"] for start in found["starts"])
    count = len(found["starts"])
    condition = found["condition_number"]
    determined = "infinite" if condition is None else f"{condition:.0f}"
    return [f"{same} of {count} starts end here; condition number {determined}"]


def _points(volatility: float) -> str:
    return f"{100.0 * volatility:.2f}"


def _row(record: Record, fit: Mapping[str, Any]) -> dict[str, Any]:
    found, expiries = fit["calibration"], fit["expiries"]
    told = ("rmse_volatility", "max_error", "weighted_rmse", "converged", "one_optimum", "feller", "condition_number")
    return {
        **{name: record[name] for name in ("id", "time", "model", "underlying", "as_of")},
        "first_expiry": expiries[0]["expiry"],
        "last_expiry": expiries[-1]["expiry"],
        "quotes": sum(item["quotes"] for item in expiries),
        **_parameters(fit),
        **({"beta": found["beta"]} if found["beta"] is not None else {}),
        **{name: found[name] for name in told},
        "notes": list(found["notes"]),
    }
