"""Names that resolve on first use (PEP 562), so that importing a room costs nothing until it is used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping


def lazy_names(package: str, origins: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for `package`.

    `origins` maps a public name to the module that defines it; a name that equals the last part of
    its module resolves to the module itself.
    """

    def resolve(name: str) -> object:
        origin = origins.get(name)
        if origin is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(origin)
        is_module = origin.rpartition(".")[2] == name
        return module if is_module else getattr(module, name)

    def listing() -> list[str]:
        return sorted(origins)

    return resolve, listing
