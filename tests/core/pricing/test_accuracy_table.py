"""The table of accuracy states what is measured: a sample of each line is measured again."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("QuantLib", reason="references need QuantLib, a development dependency")

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("accuracy_script", ROOT / "scripts" / "accuracy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_line_has_a_reference_and_every_reference_a_line(script: ModuleType) -> None:
    lines = script.stated(script.ACCURACY.read_text("utf-8"))
    assert set(lines) == {(each.function, each.source) for each in (*script.MODELS, *script.CLOSED_FORMS)}
    assert all(0.0 < line.bound < 4.0 for line in lines.values())


def test_a_sample_of_every_line_is_within_its_stated_error(script: ModuleType) -> None:
    text = script.ACCURACY.read_text("utf-8")
    wrong = []
    for each in (*script.MODELS, *script.CLOSED_FORMS):
        all_rows = "median" in each.source
        wrong.append(script.broken(text, each, each.rows if all_rows else min(each.rows, 6)))
    assert [what for what in wrong if what] == []


def test_a_wrong_line_is_found(script: ModuleType) -> None:
    reference = next(each for each in script.CLOSED_FORMS if each.function.endswith("exact, continuous"))
    line = f"| `{reference.function}` | {reference.source} | {reference.rows} | 1.0e-30 |\n"
    assert "stated 1.0e-30" in script.broken(line, reference, 4)
    assert "no line" in script.broken("", reference, 4)
    assert script.rounded_up(1.234e-14) == 1.3e-14


def test_published_values_are_listed_as_they_are(script: ModuleType) -> None:
    if not script.SHARED.is_dir():
        pytest.skip("no published values beside the checkout")
    text = script.VALUES.read_text("utf-8")
    rows = script.published(script.SHARED)
    for file, test in {(row["file"], row["test"]) for row in rows}:
        assert f"| {file} {test} |" in text
    for case in script.CASES[:8]:
        assert script.published_line(case, rows) in text
