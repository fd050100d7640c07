"""`optionix calibrate slv`: what it is made of, how it meets vanillas, what is refused, and where it is kept."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from optionix_core.services import chains, surfaces
from optionix_core.services.feeds import open_feed
from optionix_core.volatility.stochastic_local import document as models
from optionix_core.volatility.surface import document

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
EXPIRIES = (date(2026, 12, 18), date(2027, 3, 19), date(2027, 9, 17))
FEW = ("--particles", "4096", "--paths", "4096", "--horizon", "2027-03-19")
GIVEN = ("--v0", "0.05", "--kappa", "2", "--theta", "0.06", "--sigma", "0.5", "--rho", "-0.6")


@pytest.fixture(scope="module")
def fitted():
    whole = open_feed("sim", seed=20).chain("ORBIT", MOMENT)
    return surfaces.fit(replace(whole, slices=tuple(item for item in whole.slices if item.expiry in EXPIRIES)))


@pytest.fixture(scope="module")
def kept(fitted) -> tuple[bytes, str]:
    """The chain and its surface, as files hold them."""
    return chains.encode(fitted.solved.chain, "json"), document.dumps(fitted.surface)


@pytest.fixture
def files(optionix, kept):
    (optionix.folder / "then.jsonl").write_bytes(kept[0])
    (optionix.folder / "surface.json").write_text(kept[1], encoding="utf-8")


def test_vanillas_of_every_expiry_up_to_the_horizon_are_met(optionix, files):
    answer = optionix("calibrate", "slv", "then.jsonl", *FEW, "--seed", "5", "--save", "slv.json", "--json")
    assert answer.code == 0, answer.words
    report = json.loads(answer.out)
    assert report["horizon"] == {"root": "ORBIT", "expiry": "2027-03-19", "years": pytest.approx(0.3265, abs=1e-3)}
    assert report["heston"]["origin"] == "quotes"
    vanillas = report["check"]["vanillas"]
    assert [one["expiry"] for one in vanillas] == ["2026-12-18"] * 3 + ["2027-03-19"] * 3
    assert [one["type"] for one in vanillas] == ["put", "put", "call"] * 2
    distance, error = (np.array([one[name] for one in vanillas]) for name in ("distance_bp", "standard_error_bp"))
    assert np.all(np.abs(distance) < 40.0 + 4.0 * error)
    assert np.all((error > 0.0) & (error < 60.0))
    assert report["check"]["largest_bp"] == pytest.approx(np.abs(distance).max())
    assert report["check"]["median_bp"] == pytest.approx(np.median(np.abs(distance)))
    assert report["saved"] == "slv.json"
    model = models.load(optionix.folder / "slv.json")
    assert (model.notes.particles, model.notes.seed, model.mixing) == (4096, 5, 1.0)
    assert model.heston.v0 == report["heston"]["v0"]
    assert model.horizon == report["horizon"]["years"]
    assert answer.words == f"wrote slv.json ({(optionix.folder / 'slv.json').stat().st_size:,} bytes)\n"


def test_a_saved_surface_gives_its_smiles_to_heston_and_is_made_again_alike(optionix, files):
    line = ("calibrate", "slv", "surface.json", "--particles", "1024", "--no-check")
    answer = optionix(*line, "--mixing", "0.5", "--save", "one.json")
    assert answer.code == 0, answer.words
    lines = answer.out.splitlines()
    assert "mixing 0.5, up to 2027-09-17" in lines[0]
    assert "Heston fitted to the surface's smiles: v0 " in answer.out
    assert lines[-3].startswith("vanillas not checked")
    assert lines[-1] == "kept in one.json, not in the history of calibrations"
    optionix(*line, "--mixing", "0.5", "--save", "two.json")
    assert (optionix.folder / "one.json").read_bytes() == (optionix.folder / "two.json").read_bytes()
    assert optionix("calibrate", "history", "list").out == "nothing has been calibrated yet\n"


def test_given_parameters_are_taken_and_each_vanilla_is_a_row(optionix, files):
    line = ("calibrate", "slv", "surface.json", *GIVEN, *FEW[:3], "256", *FEW[4:])
    rows = list(csv.DictReader(io.StringIO(optionix(*line, "--format", "csv").out)))
    assert len(rows) == 6
    assert {row["mixing"] for row in rows} == {"1.0"}
    table = optionix(*line).out
    assert "Heston as given: v0 0.05, kappa 2, theta 0.06, sigma 0.5, rho -0.6, Feller's condition broken\n" in table
    assert table.splitlines()[-7].split()[:4] == ["expiry", "root", "type", "strike"]
    assert "not kept: --save writes the model to a file, the history of calibrations does not hold it\n" in table


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nowhere.json",), 2, "unknown chain, file or underlying 'nowhere.json'"),
        (("surface.json", "--horizon", "2030-01-01"), 2, "unknown expiry '2030-01-01'; known: ORBIT 2026-12-18"),
        (("surface.json", "--mixing", "1.5"), 1, "mixing must be from 0 to 1 (got 1.5)"),
        (("surface.json", "--particles", "1025"), 1, "particles must be a multiple of 256 (got 1025)"),
        (("surface.json", "--paths", "1"), 1, "paths must be"),
        (("surface.json", "--seed", "-1"), 1, "seed must be"),
        (("surface.json", "--v0", "0.04"), 2, "or none (--kappa, --theta, --sigma, --rho missing)"),
        (("surface.json", *GIVEN[:-1], "-1.5"), 1, "rho must be"),
        (("surface.json", "--model", "ssvi"), 2, "--model is for chains, and surface.json is a surface"),
        (("surface.json", "--no-check", "--paths", "64"), 2, "--paths is for the check"),
        (("surface.json", "--save", "no/where.json"), 2, "--save must be a file in a folder that exists"),
        (("then.jsonl", "--model", "cubic"), 2, "unknown surface model 'cubic'"),
        ((), 2, "FILE is missing"),
    ],
)
def test_what_is_wrong_is_named(optionix, files, arguments, code, words):
    answer = optionix("calibrate", "slv", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.words
