"""`optionix price` beyond the European option: contracts, models, methods, files, history and what is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from optionix_core.pricing import american, barrier, black_scholes, two_asset
from optionix_core.services import contract_pricing

ONE = "--type put --spot 100 --strike 105 --expiry 0.5 --rate 0.05"
FLAT = f"{ONE} --volatility 0.25"
HESTON = "--model heston --v0 0.04 --kappa 1.5 --theta 0.04 --sigma 0.3 --rho -0.7"
DOUBLE = " ".join(
    f"--{part}-{name} {value}"
    for part in ("first", "second")
    for name, value in (("v0", 0.02), ("kappa", 1.5), ("theta", 0.02), ("sigma", 0.3), ("rho", -0.7))
)
ARGUMENTS = (100.0, 105.0, 0.5, 0.05, 0.0, 0.25)


@pytest.fixture(autouse=True)
def forgetful() -> None:
    contract_pricing.engine().clear()


def test_styles_barriers_and_models_are_those_of_the_engine(optionix) -> None:  # type: ignore[no-untyped-def] # conftest's own
    def price(options: str) -> float:
        answer = optionix("price", *options.split(), "--json")
        assert answer.code == 0, answer.words
        return float(json.loads(answer.out)["price"])

    assert price(f"{FLAT} --style american") == american.price("put", *ARGUMENTS)
    assert price(f"{FLAT} --contract american --accuracy high") == american.price("put", *ARGUMENTS, accuracy="high")
    expected = barrier.price("put", "down-in", 100.0, 105.0, 90.0, 2.0, 0.5, 0.05, 0.0, 0.25)
    assert price(f"{FLAT} --barrier-type down-in --barrier 90 --rebate 2") == expected
    assert price(f"{FLAT} --contract barrier --barrier-type=down-in --barrier=90 --rebate=2") == expected
    one, two = price(f"{ONE} {HESTON}"), price(f"{ONE} --model double-heston {DOUBLE}")
    assert 6.0 < one < 7.5
    assert 6.0 < two < 7.5
    escrowed = black_scholes.price("put", *ARGUMENTS, dividends=((0.1, 0.4), (1.0, 1.5)))
    assert price(f"{FLAT} --dividend 0.1:1 --dividend 0.4:1.5") == escrowed
    spread = "--contract spread --spots 100,95 --dividend-yields 0.02,0.01 --rate 0.05 --volatilities 0.25,0.3"
    assert price(f"{spread} --correlations 0.4 --type call --strike 4 --expiry 0.5") == two_asset.spread(
        "call", 100.0, 95.0, 4.0, 0.5, 0.05, 0.02, 0.01, 0.25, 0.3, 0.4
    )


def test_european_by_style_or_contract_is_the_short_way(optionix) -> None:  # type: ignore[no-untyped-def]
    plain = optionix("price", *FLAT.split(), "--json").out
    for words in ("--style european", "--contract european", "--model black-scholes", "--no-record"):
        assert optionix("price", *FLAT.split(), *words.split(), "--json").out == plain


def test_greeks_and_iv_take_the_american_style(optionix) -> None:  # type: ignore[no-untyped-def]
    told = json.loads(optionix("greeks", *FLAT.split(), "--style", "american", "--json").out)
    found = american.greeks("put", *ARGUMENTS)
    assert "price" not in told
    assert told["greeks"]["vega"] == pytest.approx(found.vega / 100, rel=1e-12)
    price = american.price("put", *ARGUMENTS, dividends=((0.2,), (1.0,)))
    paid = ("--style", "american", "--dividend", "0.2:1", "--price", repr(price))
    told = json.loads(optionix("iv", *ONE.split(), *paid, "--json").out)
    assert told["implied_volatility"] == pytest.approx(0.25, abs=1e-6)


def test_all_methods_stand_side_by_side(optionix) -> None:  # type: ignore[no-untyped-def]
    options = f"{FLAT} --style american --methods all --paths 2000 --steps 20"
    rows = {row["method_id"]: row for row in json.loads(optionix("price", *options.split(), "--json").out)["methods"]}
    assert next(iter(rows)) == "collocation"
    assert (
        abs(rows["finite-difference"]["price"] - rows["collocation"]["price"])
        < 2.0 * rows["finite-difference"]["error_bound"]  # an estimate, on twenty steps
    )
    simulated = rows["longstaff-schwartz"]
    assert abs(simulated["price"] - rows["collocation"]["price"]) < 5 * simulated["standard_error"] + 0.2
    lines = optionix("price", *options.split()).out.splitlines()
    assert lines[0] == "american, black-scholes"
    assert [line.split()[0] for line in lines[2:]] == list(rows)
    records = list(csv.DictReader(io.StringIO(optionix("price", *options.split(), "--format", "csv").out)))
    assert [row["method_id"] for row in records] == list(rows)


def test_greeks_are_chosen_by_name(optionix) -> None:  # type: ignore[no-untyped-def]
    def greeks(words: str) -> list[str]:
        return list(json.loads(optionix("price", *FLAT.split(), "--greeks", words, "--json").out)["greeks"])

    assert greeks("gamma,delta") == ["delta", "gamma"]
    assert greeks("none") == []
    assert len(greeks("all")) == 16


def test_a_file_of_barriers_and_one_of_models(optionix) -> None:  # type: ignore[no-untyped-def]
    rows = "id,type,strike,barrier,volatility\na,call,100,90,0.2\nb,put,95,85,\n"
    common = "--spot 100 --expiry 0.5 --rate 0.05 --volatility 0.25 --barrier-type down-out"
    out = optionix("price", "-", *common.split(), "--format", "csv", stdin=rows)
    assert out.code == 0, out.words
    first, second = csv.DictReader(io.StringIO(out.out))
    assert float(first["price"]) == barrier.price("call", "down-out", 100.0, 100.0, 90.0, 0.0, 0.5, 0.05, 0.0, 0.2)
    assert float(second["price"]) == barrier.price("put", "down-out", 100.0, 95.0, 85.0, 0.0, 0.5, 0.05, 0.0, 0.25)
    assert (first["id"], first["barrier_type"], first["method"]) == ("a", "down-out", "closed-form")
    lines = '{"type": "call", "strike": 100, "v0": 0.04}\n{"type": "call", "strike": 100, "v0": 0.09}\n'
    low, high = json.loads(
        optionix("price", "-", *f"--spot 100 --expiry 0.5 --rate 0.05 {HESTON}".split(), "--json", stdin=lines).out
    )["rows"]
    assert low["price"] < high["price"]
    fixings = '{"type": "call", "strike": 100, "fixing_times": [0.25, 0.5]}\n'
    words = "--spot 100 --expiry 0.5 --rate 0.05 --volatility 0.2 --contract asian --method curran --greeks none"
    (asian,) = json.loads(optionix("price", "-", *words.split(), "--json", stdin=fixings).out)["rows"]
    alone = optionix(
        "price", *words.split(), "--type", "call", "--strike", "100", "--fixing-times", "0.25;0.5", "--json"
    )
    assert asian["price"] == json.loads(alone.out)["price"]


def test_a_file_of_american_options_goes_through_the_compiled_table(optionix) -> None:  # type: ignore[no-untyped-def]
    rows = "type,strike\nput,105\ncall,95\n"
    words = "--spot 100 --expiry 0.5 --rate 0.05 --volatility 0.25 --style american --dividend 0.2:1"
    put, call = json.loads(optionix("price", "-", *words.split(), "--json", stdin=rows).out)["rows"]
    paid = ((0.2,), (1.0,))
    assert put["price"] == pytest.approx(american.price("put", *ARGUMENTS, dividends=paid), rel=1e-12)
    assert call["price"] > 5.0
    prices = f"type,strike,price\nput,105,{put['price']!r}\nput,105,1\n"
    words = words.replace("--volatility 0.25 ", "")
    found, bad = json.loads(optionix("iv", "-", *words.split(), "--json", stdin=prices).out)["rows"]
    assert found["implied_volatility"] == pytest.approx(0.25, abs=1e-6)
    assert (bad["implied_volatility"], bad["status"]) == (None, "below intrinsic")


def test_parquet_is_read_like_csv_and_refused_without_pyarrow(optionix, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"id": ["a", "b"], "type": ["call", "put"], "strike": [105.0, 95.0], "volatility": [0.25, None]}
    file = optionix.folder / "rows.parquet"
    parquet.write_table(pyarrow.table(columns), str(file))
    words = ("--spot", "100", "--expiry", "0.5", "--rate", "0.05", "--volatility", "0.3", "--json")
    text = "id,type,strike,volatility\na,call,105,0.25\nb,put,95,\n"
    expected = optionix("price", "-", *words, stdin=text).out
    assert optionix("price", "rows.parquet", *words).out == expected
    assert optionix("price", "-", *words, stdin=file.read_bytes()).out == expected
    broken = optionix("price", "-", *words, stdin=file.read_bytes()[:60])
    assert (broken.code, broken.data) == (2, b"")
    assert "is not Parquet that can be read" in broken.words
    parquet.write_table(pyarrow.table({"strik": [1.0]}), str(file))
    assert "unknown column 'strik'" in optionix("price", "rows.parquet", *words).words
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    without = optionix("price", "rows.parquet", *words)
    assert (without.code, without.data) == (2, b"")
    assert "install optionix[parquet]" in without.words


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (f"{FLAT} --style bermudan", 2, ["--style", "european, american", "'bermudan'"]),
        (f"{FLAT} --contract nosuch", 2, ["contract", "'nosuch'", "asian"]),
        (f"{FLAT} --model nosuch", 2, ["model", "'nosuch'", "heston"]),
        (f"{FLAT} --method nosuch", 2, ["method", "'nosuch'", "collocation"]),
        (f"{FLAT} --greeks delta,nosuch", 2, ["greek", "'nosuch'", "gamma"]),
        (f"{FLAT} --style american --contract asian", 2, ["--style american", "--contract asian"]),
        (f"{FLAT} --style european --contract american", 2, ["--style european", "--contract american"]),
        (f"{FLAT} --v0 0.04", 2, ["--v0", "--model black-scholes", "--model heston, bates"]),
        (f"{FLAT} {HESTON}", 2, ["--volatility", "--model heston"]),
        (f"{ONE} --model heston --v0 0.04", 2, ["--kappa", "--theta", "--sigma", "--rho", "missing"]),
        (f"{ONE} {HESTON} --v0 0.05", 2, ["--v0", "twice"]),
        (f"{ONE} {HESTON.replace('-0.7', 'x')}", 2, ["--rho", "a number", "'x'"]),
        (f"{ONE} {HESTON.replace('-0.7', '-1.5')}", 1, ["rho", "-1 to 1", "-1.5"]),
        (f"{ONE} {HESTON} --contract compound", 2, ["--underlying-option-type", "missing"]),
        (f"{FLAT} --barrier-type down-out", 2, ["--barrier", "missing"]),
        (f"{FLAT} --barrier-type sideways --barrier 90", 1, ["barrier_type", "down-in", "'sideways'"]),
        (f"{FLAT} --barrier-type down-out --barrier -90", 1, ["barrier", "(got -90.0)"]),
        (f"{FLAT} --contract asian --fixing-times 0.5,0.25", 1, ["fixing_times", "above the time before it"]),
        (f"{FLAT} --contract asian --fixing-times a,b", 2, ["--fixing-times", "numbers", "'a,b'"]),
        (f"{FLAT} --contract asian --fixing-times", 2, ["--fixing-times", "needs a value"]),
        (f"{FLAT} --contract one-touch --barrier 110", 2, ["--type", "--contract one-touch"]),
        (f"{FLAT} --dividend 1", 2, ["--dividend", "TIME:AMOUNT", "'1'"]),
        (f"{FLAT} --dividend 0.1:-1", 1, ["dividends.amounts", "(got -1.0"]),
        (f"{FLAT} --dividend 0.1:1 --proportional-dividend 0.2:0.1", 2, ["--dividend", "mixed"]),
        (f"{FLAT} --spots 100,95 --model black-scholes", 2, ["--spots", "--spot"]),
        (f"{FLAT} --methods some", 2, ["--methods must be all", "'some'"]),
        (f"{FLAT} --methods all --method fourier", 2, ["--methods all", "--method"]),
        (f"{FLAT} --method curran", 1, ["curran", "european", "closed-form"]),
        (f"{FLAT} --style american --accuracy exact", 1, ["accuracy", "fast, standard, high", "'exact'"]),
        (f"{FLAT} --method monte-carlo --paths 1", 1, ["paths", "(got 1)"]),
        (f"{FLAT} --method monte-carlo --paths 1e5", 2, ["--paths", "a whole number", "'1e5'"]),
        (f"{FLAT} --correlations 0.5,0.5 --volatilities 0.2,0.2 --model multi-asset", 2, ["--correlations", "1, 3, 6"]),
        (f"{FLAT} --nosuch 1", 2, ["--nosuch", "optionix price --help"]),
    ],
)
def test_wrong_requests_are_told_by_option_or_by_field(options: str, code: int, told: list[str], optionix) -> None:  # type: ignore[no-untyped-def]
    answer = optionix("price", *options.split())
    assert answer.data == b""
    assert answer.code == code, answer.words
    assert [word for word in told if word not in answer.words] == [], answer.words
    assert not (optionix.home / "data").exists(), "what was refused is not kept"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("type,strike,barrier\ncall,100,x\n", "line 2: --barrier must be a number (got 'x')"),
        ("type,strike,barrier\ncall,100,-1\n", "line 2, column barrier: must be a number from"),
        ("type,strike,barrier\ncall,100,90\nboth,100,90\n", 'line 3, column type: must be "call" or "put"'),
        ("type,strike,barrier\ncall,abc,90\n", "line 2, column strike: must be a number (got 'abc')"),
        ("type,strike,barier\ncall,100,90\n", "line 1, column barier: unknown column 'barier'"),
        ("type,strike\ncall,100\n", "line 2: --barrier is missing"),
    ],
)
def test_a_bad_row_of_contracts_is_told_by_line(rows: str, told: str, optionix) -> None:  # type: ignore[no-untyped-def]
    common = "--spot 100 --expiry 0.5 --rate 0.05 --volatility 0.25 --barrier-type down-out"
    answer = optionix("price", "-", *common.split(), stdin=rows)
    assert (answer.code, answer.data) == (2, b"")
    assert told in answer.words


def test_every_priced_request_is_found_again(optionix) -> None:  # type: ignore[no-untyped-def]
    assert optionix("price", *FLAT.split()).code == 0
    assert optionix("greeks", *FLAT.split(), "--style", "american").code == 0
    assert optionix("price", *FLAT.split(), "--no-record").code == 0
    assert (
        optionix(
            "price",
            "-",
            "--spot",
            "1",
            "--expiry",
            "1",
            "--rate",
            "0",
            stdin="type,strike,volatility\ncall,1,1\nput,1,1\n",
        ).code
        == 0
    )
    told = json.loads(optionix("price", *FLAT.split(), "--method", "fourier", "--json").out)
    rows = json.loads(optionix("price", "history", "list", "--json").out)["requests"]
    assert sorted((row["contract"], row["method"], row["rows"]) for row in rows) == [
        ("american", "collocation", 1),
        ("european", "closed-form", 1),
        ("european", "closed-form", 2),
        ("european", "fourier", 1),
    ]
    shown = json.loads(optionix("price", "history", "show", told["request"], "--json").out)
    assert shown["result"]["price"] == told["price"]
    assert shown["result"]["digest"] == told["digest"]
    assert shown["request"]["contract"] == told["contract"]
    table = optionix("price", "history", "show", told["request"]).out
    assert "contract.strike" in table
    assert optionix("price", "history", "list", "--limit", "2", "--format", "csv").out.count("\n") == 3
    assert optionix("log", "verify").code == 0
    for words, code in (("show nosuch", 2), ("show", 2), ("list --limit 0", 1), ("nosuch", 2), ("", 2)):
        answer = optionix("price", "history", *words.split())
        assert (answer.code, answer.data) == (code, b""), words
    assert optionix("price", "./history", "--spot", "1", "--rate", "0").code == 2, "a file may be called so"


def test_a_file_of_several_underlyings_has_lists(optionix) -> None:  # type: ignore[no-untyped-def]
    row = {"type": "call", "strike": 4, "expiry": 0.5, "spots": [100, 95], "correlations": [[1, 0.4], [0.4, 1]]}
    flat = "type,strike,expiry,spots,correlations\ncall,4,0.5,100;95,0.4\n"
    words = ["--contract", "spread", "--model", "multi-asset", "--volatilities", "0.25,0.3", "--rate", "0.05"]
    for text in (json.dumps(row), flat):
        (found,) = json.loads(optionix("price", "-", *words, "--json", stdin=text).out)["rows"]
        assert found["price"] == two_asset.spread("call", 100.0, 95.0, 4.0, 0.5, 0.05, 0.0, 0.0, 0.25, 0.3, 0.4)


def test_more_rows_than_the_history_keeps_are_priced_and_told(optionix, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("optionix_core.services.price_requests.MOST_ROWS", 1)
    for words in ((), ("--barrier-type", "down-out", "--barrier", "0.5")):
        rows = "type,strike,volatility\ncall,1,1\nput,1,1\n"
        answer = optionix("price", "-", "--spot", "1", "--expiry", "1", "--rate", "0", *words, "--json", stdin=rows)
        assert len(json.loads(answer.out)["rows"]) == 2
        assert answer.words == "not kept in the history: 2 rows are more than 1\n"
    assert not (optionix.home / "data").exists()


def test_a_home_that_cannot_be_written_is_a_warning(optionix) -> None:  # type: ignore[no-untyped-def]
    optionix.home.touch()
    for words in (FLAT, f"{FLAT} --style american"):
        answer = optionix("price", *words.split(), "--json")
        assert answer.code == 0
        assert json.loads(answer.out)["price"] > 8.0
        assert answer.words.startswith("warning: not kept in the history: ")
    assert optionix("price", *FLAT.split(), "--no-record").words == ""


def test_the_short_way_loads_no_array_library_and_no_database(optionix) -> None:  # type: ignore[no-untyped-def]
    code = (
        "import sys\nfrom optionix_tui.cli.boundary import run\n"
        f"assert run({['price', *FLAT.split(), '--json']!r}) == 0\n"
        "heavy = {'numpy', 'numba', 'scipy', 'sqlalchemy', 'filelock', 'asyncio', 'pydantic', 'rich', 'inspect_asm'}\n"
        "print(sorted(heavy & set(sys.modules)), 'optionix_core.pricing.engine.engine' in sys.modules, file=sys.stderr)"
    )
    environment = {**os.environ, "OPTIONIX_HOME": str(optionix.home)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[] False"
    assert (optionix.home / "data" / "priced.journal").stat().st_size > 100


@pytest.mark.e2e
@pytest.mark.skipif(os.name == "nt", reason="ctrl+c and terminals are other ones there")
def test_a_simulation_tells_its_progress_in_a_terminal_and_ends_by_ctrl_c_with_130(tmp_path: Path) -> None:
    import pty

    command = [sys.executable, "-m", "optionix_tui", "price", *FLAT.split(), "--method", "monte-carlo"]
    environment = {**os.environ, "OPTIONIX_HOME": str(tmp_path / "home")}
    command += ["--paths", "250000000", "--steps", "100"]
    terminal, words_to = pty.openpty()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=words_to) as process:
        os.close(words_to)
        told = b""
        while b"pricing: " not in told:
            told += os.read(terminal, 1000)
        process.send_signal(signal.SIGINT)
        data, _ = process.communicate(timeout=60)
    try:
        while piece := os.read(terminal, 1000):
            told += piece
    except OSError:
        pass  # Linux says so at a terminal's end
    os.close(terminal)
    assert (process.returncode, data) == (130, b"")
    assert b"\rerror: interrupted" in told, "the line of progress is gone"
    assert not (tmp_path / "home" / "data").exists()
