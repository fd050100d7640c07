"""Kernels: compiled once, from the text that the interpreter runs, and absent from scalar calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from optionix_core.pricing import _loops
from optionix_core.pricing._compile import KINDS, KernelLibrary
from optionix_core.pricing._kernels import KERNELS

SCALAR_CALLS = """
import sys
from optionix_core.pricing import black_scholes
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.services import pricing, warm
price = black_scholes.price("call", 100, 105, 0.5, 0.05, 0.0, 0.25, dividends=((0.1,), (1.0,)))
implied_volatility("call", price, 100, 105, 0.5, 0.05, 0.0)
black_scholes.greeks("put", 100.0, 105, 0.5, 0.05, 0.0, 0.25, names=("delta",))
black_scholes.forward_price("put", 100.0, 105, 0.5, 0.95, 0.25)
pricing.to_json(pricing.price_option("call", 100, 105, 0.5, 0.05, 0.0, 0.25))
warm.is_warm()
heavy = {"numpy", "numba", "llvmlite", "scipy", "pandas", "sqlalchemy", "textual"} & set(sys.modules)
assert not heavy, heavy
"""


def test_scalar_calls_load_neither_numpy_nor_the_compiler() -> None:
    subprocess.run([sys.executable, "-c", SCALAR_CALLS], check=True)


def test_every_argument_of_a_loop_has_a_compiled_type() -> None:
    for name in KERNELS.names:
        assert set(getattr(_loops, name).__annotations__.values()) <= set(KINDS), name


def test_a_library_with_another_text_has_another_digest(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "some_formulas.py").write_text("def twice(x: float) -> float:\n    return 2.0 * x\n")
    (tmp_path / "some_loops.py").write_text(
        "from some_formulas import twice\n\n\ndef doubled(x: 'Column', out: 'Output') -> 'int':\n"
        "    for i in range(out.size):\n        out[i] = twice(x[i])\n    return -1\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    first = KernelLibrary("some_loops", ("some_formulas",))
    assert first.names == ("doubled",)
    assert not first.is_cached("doubled")
    before = first.digest
    (tmp_path / "some_formulas.py").write_text("def twice(x: float) -> float:\n    return 2.5 * x\n")
    assert KernelLibrary("some_loops", ("some_formulas",)).digest != before


def test_a_loaded_kernel_is_cached_for_the_next_process() -> None:
    for name in KERNELS.names:
        KERNELS.load(name)
    check = (
        "from optionix_core.pricing._kernels import KERNELS\n"
        "from optionix_core.services.warm import is_warm\n"
        "raise SystemExit(0 if is_warm((KERNELS,)) else 1)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_kernels_stay_usable_where_the_package_cannot_be_written(tmp_path: Path) -> None:
    # numba keeps its own cache under NUMBA_CACHE_DIR; ours must follow it there
    (tmp_path / "few_formulas.py").write_text("def twice(x: float) -> float:\n    return 2.0 * x\n")
    (tmp_path / "few_loops.py").write_text(
        "from few_formulas import twice\n\n\ndef doubled(x: 'Column', out: 'Output') -> 'int':\n"
        "    for i in range(out.size):\n        out[i] = twice(x[i])\n    return -1\n"
    )
    script = (
        "import numpy as np\n"
        "from optionix_core.pricing._compile import KernelLibrary\n"
        "library = KernelLibrary('few_loops', ('few_formulas',))\n"
        "out = np.empty(2)\n"
        "library.load('doubled')(np.array([1.0, 2.0]), out)\n"
        "assert out.tolist() == [2.0, 4.0]\n"
        "assert library.is_cached('doubled')\n"
    )
    cache = tmp_path / "cache"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=Path.cwd())
    assert list(cache.rglob("*doubled*.nbi"))


def test_a_kernel_whose_cached_code_is_gone_is_compiled_anew(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from optionix_core.volatility.surface._svi_kernels import KERNELS\n"
        "trusts = KERNELS.load('trusts'); say = np.zeros(1); one = np.ones(1)\n"
        "free = np.array([[0.0, 0.0, 0.0, 0.0, 0.0]])\n"
        "trusts(np.array([0, 1]), np.zeros(1), one, one, 1.0, free, say)\n"
        "print(KERNELS.is_cached('trusts'), trusts.stats.cache_hits != {}, bool(say[0] > 0.0))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    told = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        told.append(done.stdout.split())
        if len(told) == 2:
            for file in tmp_path.rglob("*.nbc"):
                file.unlink()
    assert told == [["True", "False", "True"], ["True", "True", "True"], ["True", "False", "True"]]
