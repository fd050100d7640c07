"""`optionix calibrate`: what is fitted, how it is told, what is refused, and that it is found again."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from optionix_core.errors import StorageError

TERMS = ("--expiry", "2026-12-18", "--expiry", "2027-03-19", "--expiry", "2027-09-17")


@pytest.mark.parametrize("model", ["heston", "bates", "double-heston", "merton"])
def test_a_model_is_told_with_its_errors_and_what_must_be_known(optionix, model):
    answer = optionix("calibrate", model, "ORBIT", *TERMS, "--starts", "2")
    assert answer.code == 0, answer.words
    record = json.loads(optionix("calibrate", model, "ORBIT", *TERMS, "--starts", "2", "--json").out)
    found = record["fits"][0]["calibration"]
    lines = answer.out.splitlines()
    assert "on ORBIT, as of 2026-11-20T15:30:00Z, weighted by the spread" in lines[0]
    assert f"rmse {100 * found['rmse_volatility']:.2f} vol points" in lines[1]
    for note in found["notes"]:
        assert f"note: {note}" in lines
    shown = {line.split()[0]: line.split()[1] for line in lines[-len(found["parameters"]) :]}
    assert shown == {one["name"]: f"{one['value']:.6g}" for one in found["parameters"]}
    assert len(found["starts"]) == 2
    assert len(found["quotes"]["strike"]) == sum(item["quotes"] for item in record["fits"][0]["expiries"])


def test_sabr_is_told_expiry_by_expiry(optionix):
    answer = optionix("calibrate", "sabr", "ORBIT", *TERMS, "--beta", "0.5", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(answer.out)))
    assert [row["first_expiry"] for row in rows] == list(TERMS[1::2])
    assert {row["beta"] for row in rows} == {"0.5"}
    table = optionix("calibrate", "sabr", "ORBIT", *TERMS).out.splitlines()
    assert "beta 1" in table[0]
    assert table[2].split()[:6] == ["expiry", "root", "quotes", "alpha", "rho", "nu"]
    assert [line.split()[0] for line in table[3:]] == list(TERMS[1::2])


def test_a_file_and_a_pipe_give_the_same_fit_as_the_feed(optionix):
    exported = optionix("chain", "export", "ORBIT", "--to", "json")
    (optionix.folder / "orbit.jsonl").write_bytes(exported.data)
    of_feed, of_file, of_pipe = (
        json.loads(optionix("calibrate", "heston", name, *TERMS, "--json", stdin=exported.data).out)
        for name in ("ORBIT", "orbit.jsonl", "-")
    )
    for other in (of_file, of_pipe):
        assert other["fits"][0]["calibration"]["parameters"] == of_feed["fits"][0]["calibration"]["parameters"]


def test_calibrations_are_found_again_unless_they_are_not_to_be_kept(optionix):
    assert optionix("calibrate", "history", "list").out == "nothing has been calibrated yet\n"
    first = optionix("calibrate", "merton", "ORBIT", *TERMS)
    optionix.clock.advance(timedelta(seconds=1))
    record = json.loads(optionix("calibrate", "sabr", "ORBIT", *TERMS, "--json").out)
    optionix("calibrate", "heston", "ORBIT", *TERMS, "--no-record")
    lines = optionix("calibrate", "history", "list").out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["sabr", "merton"]
    assert json.loads(optionix("calibrate", "history", "show", record["id"], "--json").out) == record
    listed = json.loads(optionix("calibrate", "history", "list", "--json").out)["calibrations"]
    merton = next(line for line in listed if line["model"] == "merton")
    assert optionix("calibrate", "history", "show", merton["id"]).out == first.out
    assert len(optionix("calibrate", "history", "list", "--limit", "1", "--format", "jsonl").out.splitlines()) == 1


def test_a_history_that_cannot_be_written_is_a_warning_after_the_answer(optionix, monkeypatch):
    def full(*_arguments):
        raise StorageError("the disk is full")

    monkeypatch.setattr("optionix_core.services.calibration_history.keep", full)
    answer = optionix("calibrate", "merton", "ORBIT", *TERMS)
    assert answer.code == 0
    assert answer.words == "warning: not kept in the history: the disk is full\n"
    assert "jump_intensity" in answer.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("heston", "NOWHERE"), 2, "unknown chain, file or underlying 'NOWHERE'"),
        (("heston", "ORBIT", "--expiry", "2030-01-01"), 6, "ORBIT has no such expiry to calibrate to"),
        (("heston", "ORBIT", "--starts", "9"), 1, "starts must be from 1 to 8 (got 9)"),
        (("heston", "ORBIT", "--weights", "vega"), 2, "unknown weight of quotes 'vega'; known: spread, equal"),
        (("sabr", "ORBIT", "--beta", "1.5"), 1, "beta must be from 0 to 1 (got 1.5)"),
        (("heston", "ORBIT", "--expiry", "soon"), 2, "--expiry must be a date such as 2027-01-15 (got 'soon')"),
        (("heston",), 2, "NAME is missing"),
        (("history", "show", "1999"), 2, "unknown calibration '1999'"),
        (("history", "list", "--limit", "0"), 1, "--limit must be at least 1 (got 0)"),
    ],
)
def test_what_is_wrong_is_named(optionix, arguments, code, words):
    answer = optionix("calibrate", *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.words
