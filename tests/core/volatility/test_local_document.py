"""A local volatility written down and read back; documents that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import MalformedFileError
from optionix_core.volatility import LocalVolatilityModel, VolatilitySurface
from optionix_core.volatility.local import document


@pytest.fixture(scope="module")
def text(skewed_surface: VolatilitySurface) -> str:
    model = LocalVolatilityModel.from_surface(skewed_surface, time_points=8, moneyness_points=9)
    return document.dumps(model)


def test_a_model_read_back_has_the_same_bits(skewed_surface: VolatilitySurface, tmp_path: Path) -> None:
    model = LocalVolatilityModel.from_surface(skewed_surface)
    document.save(model, tmp_path / "local.json")
    found = document.load(tmp_path / "local.json")
    spots, times = np.linspace(20.0, 300.0, 57), np.linspace(0.0, 3.0, 31)[:, None]
    assert np.array_equal(found.local_volatility(spots, times), model.local_volatility(spots, times))
    assert found.repairs == model.repairs
    assert found.breaks == model.breaks
    assert document.dumps(found) == document.dumps(model)
    assert [path.name for path in tmp_path.iterdir()] == ["local.json"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("format", "else", "format"),
        ("version", 2, "version"),
        ("times", [0.0, "1"], "times"),
        ("times", 3.0, "times"),
        ("variances", [[0.1], [0.1, 0.2]], "variances"),
        ("variances", [], "variances"),
        ("variances", [[-1.0, 0.1, 0.1]] * 2, "variances"),
        ("scales", [0.0], "scales"),
        ("reciprocal", 1, "reciprocal"),
        ("paces", [True], "paces"),
        ("repairs", None, "repairs"),
        ("repairs", {"nodes": 1}, "calendar"),
        ("repairs", {"nodes": 1, "calendar": -1, "butterfly": 0, "capped": 0}, "calendar"),
    ],
)
def test_a_wrong_field_is_refused_by_name(text: str, name: str, value: Any, told: str) -> None:
    fields = json.loads(text)
    assert name in fields
    fields[name] = value
    with pytest.raises(MalformedFileError, match=told):
        document.loads(json.dumps(fields), "a file")


def test_a_missing_field_and_what_is_no_document_are_refused(text: str, tmp_path: Path) -> None:
    for name in json.loads(text):
        fields = json.loads(text)
        del fields[name]
        with pytest.raises(MalformedFileError, match=name):
            document.loads(json.dumps(fields))
    for wrong in ("[]", "{", text.replace("0.0", "NaN", 1)):
        with pytest.raises(MalformedFileError):
            document.loads(wrong)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(MalformedFileError, match="UTF-8"):
        document.load(tmp_path / "bytes")
