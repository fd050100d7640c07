"""What C reaches on this processor for the same job: plain loops, compiled with vector mathematics, as a limit.

Compiled once a run by the system's `cc` with -O3 -march=native -ffast-math against glibc's vector functions; None where
there is no compiler or no such library. Refuses accuracy: it is the textbook formula.
"""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

SOURCE = r"""
#include <math.h>
#define CDF(x) (0.5 * erfc(-0.70710678118654752440 * (x)))
#define IN const double *restrict
#define OUT double *restrict

void prices(long n, IN sign, IN spot, IN strike, IN expiry, IN rate, IN yield, IN volatility, OUT price)
{
    for (long i = 0; i < n; i++) {
        double w = sign[i], t = expiry[i], s = volatility[i] * sqrt(t);
        double asset = spot[i] * exp(-yield[i] * t), cash = strike[i] * exp(-rate[i] * t);
        double d1 = (log(spot[i] / strike[i]) + (rate[i] - yield[i]) * t) / s + 0.5 * s;
        price[i] = w * (asset * CDF(w * d1) - cash * CDF(w * (d1 - s)));
    }
}

void greeks(long n, IN sign, IN spot, IN strike, IN expiry, IN rate, IN yield, IN volatility, OUT price, OUT delta,
            OUT gamma, OUT vega, OUT theta, OUT rho, OUT epsilon, OUT vanna, OUT volga, OUT charm)
{
    for (long i = 0; i < n; i++) {
        double w = sign[i], t = expiry[i], q = yield[i], r = rate[i], v = volatility[i], root = sqrt(t), s = v * root;
        double per_asset = exp(-q * t), asset = spot[i] * per_asset, cash = strike[i] * exp(-r * t);
        double d1 = (log(spot[i] / strike[i]) + (r - q) * t) / s + 0.5 * s, d2 = d1 - s;
        double in_asset = w * CDF(w * d1), in_cash = w * CDF(w * d2), bell = 0.3989422804014327 * exp(-0.5 * d1 * d1);
        price[i] = asset * in_asset - cash * in_cash;
        delta[i] = per_asset * in_asset;
        gamma[i] = per_asset * bell / (spot[i] * s);
        vega[i] = asset * bell * root;
        theta[i] = q * asset * in_asset - r * cash * in_cash - asset * bell * v / (2.0 * root);
        rho[i] = t * cash * in_cash;
        epsilon[i] = -t * asset * in_asset;
        vanna[i] = -per_asset * bell * d2 / v;
        volga[i] = asset * bell * root * d1 * d2 / v;
        charm[i] = q * per_asset * in_asset - per_asset * bell * ((r - q) / s - d2 / (2.0 * t));
    }
}
"""
GREEKS = ("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "volga", "charm")
"""What `greeks` writes after the price, in order."""
FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")

Rows = Callable[..., None]


def compiled(folder: Path) -> tuple[Rows, Rows] | None:
    """`prices(columns, out)` and `greeks(columns, table)`, or None where they cannot be compiled here."""
    compiler = shutil.which("cc")
    if compiler is None or platform.libc_ver()[0] != "glibc":
        return None
    source, library = folder / "limit.c", folder / "limit.so"
    source.write_text(SOURCE, encoding="utf-8")
    command = [compiler, *FLAGS, "-o", str(library), str(source), "-lmvec", "-lm"]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return None
    functions = ctypes.CDLL(str(library))

    def prices(columns: Any, out: Any) -> None:
        functions.prices(ctypes.c_long(out.size), *map(_pointer, columns), _pointer(out))

    def greeks(columns: Any, table: Any) -> None:
        functions.greeks(ctypes.c_long(table.shape[1]), *map(_pointer, columns), *map(_pointer, table))

    return prices, greeks


def _pointer(array: Any) -> ctypes.c_void_p:
    """Of a contiguous float64 array."""
    return ctypes.c_void_p(array.ctypes.data)
