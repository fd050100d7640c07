"""Removes the environment and every cache below the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"}

for folder in (ROOT / name for name in (".venv", "build", "dist")):
    shutil.rmtree(folder, ignore_errors=True)
for folder in sorted(ROOT.rglob("*"), reverse=True):
    if folder.is_dir() and folder.name in CACHES:
        shutil.rmtree(folder)
