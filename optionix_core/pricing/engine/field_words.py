"""What the source says of a dataclass' fields, for help and documents: the text that stands below each.

Says nothing where there is no source, as in a frozen program.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any


def field_words(owner: type[Any]) -> Mapping[str, str]:
    """What the source says below each field; nothing where there is no source."""
    found: dict[str, str] = {}
    for made in reversed(owner.__mro__):
        try:
            (body,) = ast.parse(inspect.getsource(made).lstrip()).body
        except (OSError, TypeError, ValueError, SyntaxError):
            continue
        if not isinstance(body, ast.ClassDef):
            continue
        for line, after in zip(body.body, [*body.body[1:], None], strict=True):
            match line, after:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                    found[name] = " ".join(words.split())
    return found
