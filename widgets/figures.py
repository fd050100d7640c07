"""Numbers as a trader reads them: the only place where the terminal turns a figure into text.

Absent is a middle dot, never a zero. A sign is always written where a figure can have one.
"""

from __future__ import annotations

from decimal import Decimal

ABSENT = "·"

Number = float | Decimal


def price(value: Number | None) -> str:
    """`11.35`, `1,234.50`; four decimals for what is no whole number of cents under 10, as prices in coins are."""
    if value is None:
        return ABSENT
    cents = float(value) * 100
    if abs(cents) < 1000 and abs(cents - round(cents)) > 1e-6:
        return f"{value:.4f}"
    return f"{value:,.2f}"


def quote(value: Number | None) -> str:
    """A price for a narrow column, as `price` under 1,000; then `3144.50`, and `12345.6` where that is exact."""
    if value is None:
        return ABSENT
    if abs(float(value)) < 1_000:
        return price(value)
    tenths = float(value) * 10
    short = abs(float(value)) >= 10_000 and abs(tenths - round(tenths)) < 1e-6
    return f"{value:.1f}" if short else f"{value:.2f}"


def strike(value: Number | None) -> str:
    """`230`, `232.5`: no zeros that say nothing."""
    if value is None:
        return ABSENT
    return f"{value:.4f}".rstrip("0").rstrip(".")


def points(value: Number | None) -> str:
    """A volatility that is already in points: `24.9`."""
    return ABSENT if value is None else f"{value:.1f}"


def fraction(value: Number | None, digits: int = 2) -> str:
    """A figure mostly between -1 and 1, without the leading zero: `.61`, `-.39`, `1.00`."""
    if value is None:
        return ABSENT
    text = f"{value:.{digits}f}"
    if text.startswith("0."):
        return text[1:]
    if text.startswith("-0."):
        return "-" + text[2:]
    return text


def gamma(value: Number | None) -> str:
    """Three decimals, four where three would show nothing."""
    if value is None:
        return ABSENT
    return fraction(value, 3 if abs(float(value)) >= 0.01 else 4)


def count(value: Number | None) -> str:
    """`812`, `4.1k`, `1.2M`."""
    if value is None:
        return ABSENT
    size = abs(float(value))
    if size < 1_000:
        return f"{value:.0f}"
    if size < 999_950:
        scaled, unit = float(value) / 1e3, "k"
    elif size < 999_950_000:
        scaled, unit = float(value) / 1e6, "M"
    else:
        scaled, unit = float(value) / 1e9, "B"
    return f"{scaled:.1f}{unit}" if abs(scaled) < 99.95 else f"{scaled:.0f}{unit}"


def signed_count(value: Number | None) -> str:
    """`+12.4k`, `-310`, `0`."""
    if value is None:
        return ABSENT
    text = count(value)
    return f"+{text}" if float(value) > 0 and text != "0" else ("0" if text in {"0", "-0"} else text)


def signed(value: Number | None, digits: int = 2) -> str:
    """`+136.00`, `-22.40`, `0.00`."""
    if value is None:
        return ABSENT
    text = f"{value:+,.{digits}f}"
    return text if any(digit in "123456789" for digit in text) else text[1:]


def money(value: Number | None) -> str:
    """`100,482.11`, to the cent."""
    return ABSENT if value is None else f"{value:,.2f}"


def percent(value: Number | None, digits: int = 1) -> str:
    """A fraction as a signed percentage: `+1.2%`."""
    return ABSENT if value is None else f"{signed(float(value) * 100, digits)}%"


def arrow(value: Number | None) -> str:
    """Which way, in a sign that needs no colour."""
    if value is None or value == 0:
        return " "
    return "▲" if float(value) > 0 else "▼"


def age(seconds: float) -> str:
    """`0.2s`, `14s`, `3m`, `5h`, `12d`, `2.8y`."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f}s"
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "m"), (172_800, 3600, "h"), (63_072_000, 86_400, "d")):
        if seconds < limit:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds / 31_557_600:.1f}y"


def strike_label(value: float) -> str:
    """A level on an axis: no more decimals than its size needs."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
