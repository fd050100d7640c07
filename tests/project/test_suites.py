"""Every file of tests belongs to exactly one suite of `make test`: none is forgotten, none runs twice."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_is_in_one_suite() -> None:
    spec = importlib.util.spec_from_file_location("suites_of_the_project", ROOT / "scripts" / "suites.py")
    assert spec is not None
    assert spec.loader is not None
    suites = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = suites
    try:
        spec.loader.exec_module(suites)
    finally:
        del sys.modules[spec.name]
    paths = [ROOT / word for step in suites.TEST for word in step.command if word.startswith("tests/")]
    for path in paths:
        assert path.exists(), path
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    owners = {file: [path for path in paths if path == file or path in file.parents] for file in files}
    assert {file.name: len(found) for file, found in owners.items() if len(found) != 1} == {}
