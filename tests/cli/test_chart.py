"""`optionix chart show`: figures, candles, and what is refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

REFUSED = [
    ("chart show", 2, ["NAME is missing"]),
    ("chart show NOSUCH", 2, ["unknown underlying 'NOSUCH'", "ORBIT"]),
    ("chart show ORBIT --interval 2d", 2, ["unknown interval '2d'", "5min"]),
    ("chart show ORBIT --range 2m", 2, ["unknown range '2m'", "6m"]),
    ("chart show ORBIT --study mood", 2, ["unknown study 'mood'", "macd"]),
    ("chart show ORBIT --interval 1min --range 1y", 1, ["range must be at most 5d of bars of 1min", "(got 1y)"]),
    ("chart show ORBIT --averages x", 2, ["--averages", "'x'"]),
    ("chart show ORBIT --averages 20,20", 1, ["averages", "each once"]),
    ("chart show ORBIT --bands 1", 1, ["bands", "from 2 to 500", "(got 1)"]),
    ("chart show ORBIT --realised 1", 1, ["realised", "from 2 to 252 days", "(got 1)"]),
    ("chart show ORBIT --plot --json", 2, ["--plot"]),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_is_wrong_is_named_and_nothing_is_printed(command, code, told, optionix):
    answer = optionix(*command.split())
    assert answer.code == code, answer.words
    assert answer.data == b""
    assert [word for word in told if word not in answer.words] == [], answer.words


def test_figures_are_the_same_in_every_format(optionix):
    document = json.loads(optionix("chart", "show", "orbit", "--range", "3m", "--interval", "1d", "--json").out)
    assert (document["schema_version"], document["interval"], document["range"]) == (1, "1d", "3m")
    assert document["running"]
    bars = document["bars"]
    rows = list(csv.DictReader(io.StringIO(optionix("chart", "show", "ORBIT", "--range", "3m", "--format", "csv").out)))
    assert [float(row["close"]) for row in rows] == [bar["close"] for bar in bars]
    assert 0.05 < bars[-2]["iv30"] < 1.0
    table = optionix("chart", "show", "ORBIT", "--range", "3m").out
    assert table.splitlines()[-1].split()[0] == bars[-1]["start"][:10]
    assert "—" in table.splitlines()[-1]  # the running day has no implied volatility yet


def test_minutes_are_bars_too_and_say_what_they_lack(optionix):
    answer = optionix("chart", "show", "ORBIT", "--interval", "5min", "--range", "1d", "--json")
    bars = json.loads(answer.out)["bars"]
    assert bars[-1]["start"].endswith("15:25:00.000000Z")
    assert "note: realised and implied volatility are told of bars of a day or longer" in answer.words


def test_candles_are_drawn_in_plain_text(optionix):
    picture = optionix("chart", "show", "ORBIT", "--range", "6m", "--study", "macd", "--plot").out
    lines = picture.splitlines()
    assert len(lines) == 32
    assert lines[0].startswith(" ORBIT 1d 6m")
    assert "MACD 12 26" in picture
    assert max(map(len, lines)) <= 120
    assert "\x1b" not in picture
