"""Compiles loops over plain scalar functions, and says cheaply whether that has been done already.

The scalar functions stay what they are: each is compiled from its own text under another namespace, in which the names
it calls are the compiled versions. So the interpreter and the compiler run one text; numbers that a module names are
written into it first, since every name and sum of names costs the compiler as much as an operation. Kernels carry a
digest of all their sources in their cached name, since the compiler's own cache looks at the loop's file alone.

Modules named as `lanes`, and the loops where they are among them, are compiled with the fast-math flags of `FAST`,
which let a compiler turn a loop without branches and library calls into vector instructions; other `formulas` are
compiled without any, since exact sums would not survive them. The flags are those of each instruction, so a loop may
call both. Refuses the compiler's own threads: kernels release the interpreter's lock, and `_threads` splits the rows.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import importlib
import importlib.util
import json
import os
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

KINDS = ("Column", "Grid", "Picks", "Output", "Table", "Cube", "Places", "Codes", "Words", "int", "float")
"""Annotations that a loop's arguments may have. Read only: `Column` and `Grid`, float64 of one and two dimensions, and
`Picks`, int64. Written: `Output`, `Table`, `Cube`, float64 of one to three dimensions, `Places`, int64, `Codes`, int8,
and `Words`, uint64. Scalars: `int`, int64, and `float`, float64. All arrays are contiguous."""

FAST = frozenset({"contract", "nsz", "arcp", "afn", "nnan", "ninf"})
"""Fast-math flags of lanes. Without `reassoc`, so that sums are taken as written; nan and infinity are the loop's to
keep out."""


class KernelLibrary:
    """The kernels of one module of loops.

    `formulas` are the modules whose functions the loops call, callees first; their functions' names are distinct.
    `lanes` are those of them, and `loops` itself where it is named, that are compiled with the flags of `FAST`.
    `variants` are kernels made of a loop with other numbers in place of its module's: a branch on a zero is left out,
    with all that it alone calls. A loop with variants is no kernel itself.
    """

    def __init__(
        self,
        loops: str,
        formulas: tuple[str, ...],
        lanes: tuple[str, ...] = (),
        variants: dict[str, tuple[str, dict[str, int]]] | None = None,
    ) -> None:
        self._loops = loops
        self._variants = variants or {}
        self._formulas = formulas
        self._lanes = frozenset(lanes)
        self._lock = threading.Lock()
        self._namespace: dict[str, Any] | None = None
        self._kernels: dict[str, Callable[..., int]] = {}

    @cached_property
    def _modules(self) -> tuple[ModuleType, ...]:
        return tuple(importlib.import_module(name) for name in (*self._formulas, self._loops))

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        """Their files, found without loading them: some load an array library."""
        return tuple(_source(name) for name in (*self._formulas, self._loops))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The kernels, in the order in which they stand."""
        tree = ast.parse(self._paths[-1].read_bytes())
        varied = {loop for loop, _ in self._variants.values()}
        plain = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
        return (*(name for name in plain if name not in varied), *self._variants)

    @cached_property
    def weight(self) -> int:
        """Bytes of its sources: roughly how long compilation takes, beside other libraries."""
        return sum(path.stat().st_size for path in self._paths)

    @cached_property
    def digest(self) -> str:
        """Of the sources that a kernel is compiled from, and of how this module compiles them."""
        options = (*sorted(self._lanes), *(map(repr, self._variants.items())))
        texts = (path.read_bytes() for path in (Path(__file__), *self._paths))
        sources = b"\0".join([*texts, *map(str.encode, options)])
        return hashlib.sha256(sources).hexdigest()[:16]

    def load(self, name: str) -> Callable[..., int]:
        """The compiled kernel: from the cache beside the package, the user's where that is read-only, or fresh."""
        kernel = self._kernels.get(name)
        if kernel is None:
            with self._lock:
                kernel = self._kernels.get(name) or self._compile(name)
                self._kernels[name] = kernel
        return kernel

    def is_cached(self, name: str) -> bool:
        """Whether `load` finds this kernel compiled for these sources, this compiler and this processor."""
        for folder in self._stamp_folders():
            stamp = folder / self._stamp_name(name)
            if stamp.is_file():
                try:
                    record = json.loads(stamp.read_text(encoding="utf-8"))
                except ValueError:
                    return False
                return bool(record["identity"] == self._identity()) and Path(record["index"]).is_file()
        return False

    def _compile(self, name: str) -> Callable[..., int]:
        from numba.core.errors import NumbaError

        if self.is_cached(name):
            # The cache looks at the loop's own text: what it calls is needed only where it must be compiled after all.
            with suppress(NumbaError):
                return self._kernel(name, {"__name__": self._loops, "__builtins__": __builtins__})
        if self._namespace is None:
            self._namespace = self._compiled_formulas()
        return self._kernel(name, self._namespace)

    def _kernel(self, name: str, namespace: dict[str, Any]) -> Callable[..., int]:
        import numba
        from numba import types

        kinds = {
            "Column": types.Array(types.float64, 1, "C", readonly=True),
            "Grid": types.Array(types.float64, 2, "C", readonly=True),
            "Picks": types.Array(types.int64, 1, "C", readonly=True),
            "Output": types.float64[::1],
            "Table": types.float64[:, ::1],
            "Cube": types.float64[:, :, ::1],
            "Places": types.int64[::1],
            "Codes": types.int8[::1],
            "Words": types.uint64[::1],
            "int": types.int64,
            "float": types.float64,
        }
        source, numbers = self._variants.get(name, (name, {}))
        loop = _functions(self._modules[-1])[source]
        annotations = dict(loop.__annotations__)
        result = kinds[annotations.pop("return")]
        twin = _rebound(loop, _codes(self._modules[-1], numbers)[source], namespace)
        twin.__qualname__ = f"{name}-{self.digest}"
        kernel = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=self._flags(self._loops))(twin)
        with _uncollected():
            kernel.compile(result(*(kinds[kind] for kind in annotations.values())))
        kernel.disable_compile()
        self._stamp(name, kernel.stats.cache_path)
        compiled: Callable[..., int] = kernel
        return compiled

    def _compiled_formulas(self) -> dict[str, Any]:
        import numba

        namespace: dict[str, Any] = {"__name__": self._loops, "__builtins__": __builtins__}
        for module in self._modules[:-1]:
            functions, codes = _functions(module), _codes(module, {})
            # Without the wrappers for calls from outside compiled code; numba's types leave these two options out.
            bare: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
            compiled = numba.njit(nogil=True, error_model="numpy", fastmath=self._flags(module.__name__), **bare)
            for name, value in vars(module).items():
                if name in functions:
                    namespace[name] = compiled(_rebound(functions[name], codes[name], namespace))
                elif not name.startswith("__"):
                    namespace.setdefault(name, value)
        namespace["math"] = importlib.import_module("math")
        for name, value in vars(self._modules[-1]).items():
            if isinstance(value, ModuleType | int | float) and not name.startswith("__"):
                namespace.setdefault(name, value)
        return namespace

    def _flags(self, module: str) -> set[str] | bool:
        return set(FAST) if module in self._lanes else False

    def _stamp(self, name: str, cache: str | None) -> None:
        """Leave word that `name` is compiled, unless it is there. Where no folder can be written, none is left."""
        if self.is_cached(name):
            return
        index = None if cache is None else next(Path(cache).glob(f"*{name}-{self.digest}-*.nbi"), None)
        if index is None:
            return
        text = json.dumps({"identity": self._identity(), "index": str(index)})
        for folder in self._stamp_folders():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                draft = folder / f"{self._stamp_name(name)}.{os.getpid()}"
                draft.write_text(text, encoding="utf-8")
                draft.replace(folder / self._stamp_name(name))
            except OSError:
                continue
            return

    def _identity(self) -> list[str]:
        """What a cached kernel depends on besides its sources' text, without importing the compiler.

        The compiler's cache also looks at the age and size of the file of loops.
        """
        spec = importlib.util.find_spec("numba")
        compiler = Path(str(spec.origin)).with_name("_version.py") if spec is not None else Path()
        files = [path.stat() for path in (compiler, self._paths[-1]) if path.is_file()]
        ages = [f"{stat.st_mtime_ns}-{stat.st_size}" for stat in files]
        return [sys.version, platform.machine(), _processor(), *ages]

    def _stamp_name(self, name: str) -> str:
        """Its own for each folder that the compiler is told to keep its cache in."""
        elsewhere = os.environ.get("NUMBA_CACHE_DIR", "")
        suffix = hashlib.sha256(elsewhere.encode()).hexdigest()[:8] if elsewhere else "here"
        return f"{name}-{self.digest}-{suffix}.warm"

    def _stamp_folders(self) -> tuple[Path, Path]:
        from platformdirs import user_cache_path

        return Path(__file__).parent / "__pycache__", user_cache_path("optionix", appauthor=False) / "kernels"


def _source(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(module)
    return Path(spec.origin)


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """The functions that `module` itself defines, in order."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


def _codes(module: ModuleType, others: dict[str, int]) -> dict[str, CodeType]:
    """Code of the functions that `module` itself defines, its text with numbers in place of their names.

    `others` are numbers to write in place of the module's own.
    """
    path = _source(module.__name__)
    numbers = {name: value for name, value in vars(module).items() if type(value) in {int, float}} | others
    tree = ast.parse(path.read_bytes(), str(path))
    tree.body = [
        ast.fix_missing_locations(_Numbers(numbers, node).visit(node)) if isinstance(node, ast.FunctionDef) else node
        for node in tree.body
    ]
    code = compile(tree, str(path), "exec", dont_inherit=True)
    return {constant.co_name: constant for constant in code.co_consts if isinstance(constant, CodeType)}


class _Numbers(ast.NodeTransformer):
    """Writes `numbers` where `function` reads them by name and has no variable of that name itself."""

    def __init__(self, numbers: dict[str, int | float], function: ast.FunctionDef) -> None:
        own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        self._numbers = {name: value for name, value in numbers.items() if name not in own}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The number of that name, or the name."""
        if node.id not in self._numbers:
            return node
        return ast.copy_location(ast.Constant(self._numbers[node.id]), node)


def _rebound(function: FunctionType, code: CodeType, namespace: dict[str, Any]) -> FunctionType:
    """The same function by `code`, looking its names up in `namespace`."""
    return FunctionType(code, namespace, function.__name__, function.__defaults__)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cyclic garbage: a tenth of the compiler's time, and it makes little."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _processor() -> str:
    """The processor's model, as the system names it without starting a process."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        with cpuinfo.open(encoding="utf-8", errors="replace") as lines:
            return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return os.environ.get("PROCESSOR_IDENTIFIER", "")
