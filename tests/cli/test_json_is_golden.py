"""The bytes of every command's JSON, compared with the files in `golden/` (`--snapshot-update` renews them).

What differs between machines is named here and nothing else is: paths, versions (which the digest of a request
holds), durations, random ids, free space, compressed size, errors of the size of rounding, and the last digits of
floating point numbers, which the processor's vector instructions decide: a number that is close counts as the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from optionix_core.services import contract_pricing

GOLDEN = Path(__file__).with_name("golden")
ONE = "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05"
SPREAD = "--contract spread --type call --strike 4 --expiry 0.5 --rate 0.05"
HESTON = "--v0 0.04 --kappa 1.5 --theta 0.04 --sigma 0.3 --rho -0.7"
ROWS = "id,type,strike,volatility\na,call,105,0.25\nb,put,95,0.3\n"
PRICES = "type,strike,price\ncall,105,5.98849042\nput,300,1\n"
TERMS = "--expiry 2026-12-18 --expiry 2027-03-19 --expiry 2027-09-17"
VERTICAL = '[{"type":"call","strike":100,"quantity":1,"price":5},{"type":"call","strike":110,"quantity":-1,"price":2}]'
CALENDAR = """[{"type": "call", "strike": 100, "quantity": -1, "price": 3, "expiry": "2026-12-18"},
{"type": "call", "strike": 100, "quantity": 1, "price": 5.25, "expiry": "2027-01-15", "iv": 0.21}]"""
REST = "--symbol ORBIT270115C00230000 --side buy --quantity 2 --type limit --limit 1.50 --tif GTC"
SPREAD_ORDER = """--legs [{"symbol":"ORBIT270115C00220000","ratio":1},{"symbol":"ORBIT270115C00230000","ratio":-1}]
--side sell --quantity 2"""
ORDER = f"order submit {REST} --client-id first --json"
TRADES = """time,symbol,side,quantity,price,fee,id
2026-11-18T15:31:07Z,ORBIT270115C00200000,buy,2,21.40,1.30,T-1001
2026-11-18T15:35:00-05:00,ORBIT 15JAN27 210 C,sell,2,14.05,1.30,T-1002
2026-11-19T15:00:00Z,ORBIT,buy,100,215.10,1.00,T-1003
"""
ADA = "admin user add --email ada@example.com --full-name Ada --role admin --password-stdin"
GRACE = "admin user add --email grace@example.com --full-name Grace --password-stdin"
PASSWORD = "a long phrase that nobody has published 7"  # noqa: S105 - of nobody
ALGO = "--symbol ORBIT270115C00230000 --side buy --quantity 20 --duration 1h --client-id first"
TWAP = f"algo start twap {ALGO} --slices 4 --size-jitter 0.5"
ARM = "kill arm --by ada --reason open --yes"
FIRE = "kill fire --by ada --reason stop --id k1 --flatten --yes"
HALT = "halt start ORBIT --by ada --reason news --minutes 5 --yes"
BUY = "buy 2 ORBIT 15JAN27 200 C --client-id first --json"
ALERT = "alert add last --symbol ORBIT --above 200 --id high --repeat --json"
LIST = "watchlist create main --symbol ORBIT --symbol ORBIT270115C00230000 --json"
BOOK = """underlying,underlying_price,type,strike,expiry,quantity,price,multiplier,margin_class,implied_volatility,rate
XYZ,45,call,47,2027-01-15,-1,2.10,100,equity,0.45,0.04
XYZ,45,put,43,2027-01-15,-1,1.20,100,equity,0.40,0.04
XYZ,45,put,40,2027-01-15,1,0.55,100,equity,0.42,0.04
SPX,6000,put,5800,2027-01-15,-1,95,100,broad_index,0.20,0.04
XYZ,45,stock,,,100,,1,equity,,
"""
COINS = """symbol,underlying_price,quantity,price
BTC-29JAN27-60000-C,60000,-2,0.05
BTC-29JAN27-50000-P,60000,-1,0.02
"""
NOTE = "journal add Quiet --day 2026-11-20 --tag calm --id first --json"

SOFT = "risk limits set delta 100 --soft --by ada"
SHARES = "underlying,underlying_price,type,strike,expiry,quantity\nXYZ,50,stock,,,100\n"

COMMANDS: dict[str, tuple[str, ...]] = {
    "price": (f"price {ONE} --volatility 0.25 --json",),
    "price-at-the-strike-on-expiry": (
        "price --type call --spot 1 --strike 1 --expiry 0 --rate 0 --volatility 0 --json",
    ),
    "price-rows": ("price - --spot 100 --expiry 0.5 --rate 0.05 --json",),
    "greeks": (f"greeks {ONE} --volatility 0.25 --json",),
    "iv": (f"iv {ONE} --price 5.98849042 --json",),
    "iv-rows": ("iv - --spot 100 --expiry 0.5 --rate 0.05 --json",),
    "price-american": (f"price {ONE} --volatility 0.25 --style american --dividend 0.25:1.5 --json",),
    "price-heston": (f"price {ONE} --model heston {HESTON} --greeks none --json",),
    "price-barrier": (f"price {ONE} --volatility 0.25 --barrier-type down-out --barrier 90 --json",),
    "price-spread-by-all-methods": (
        f"price {SPREAD} --spots 100,95 --volatilities 0.25,0.3 --correlations 0.4 --methods all --paths 1000 --json",
    ),
    "price-rows-american": ("price - --spot 100 --expiry 0.5 --rate 0.05 --style american --json",),
    "price-rows-of-barriers": (
        "price - --spot 100 --expiry 0.5 --rate 0.05 --barrier-type up-out --barrier 120 --json",
    ),
    "price-history-list": (f"price {ONE} --volatility 0.25", "price history list --json"),
    "price-history-list-of-a-fresh-home": ("price history list --json",),
    "price-history-show": (f"price {ONE} --volatility 0.25 --style american", "price history show 20261120 --json"),
    "iv-american": (f"iv {ONE} --price 5.98849042 --style american --json",),
    "iv-rows-american": ("iv - --spot 100 --expiry 0.5 --rate 0.05 --style american --json",),
    "chain-import": ("chain import cboe_older.csv --name older --json",),
    "chain-import-again": ("chain import cboe_older.csv", "chain import cboe_older.csv --json"),
    "chain-list": ("chain import cboe_older.csv", "chain import cboe_weekend.csv", "chain list --json"),
    "chain-show": ("chain show cboe_older.csv --json",),
    "chain-show-of-the-feed": ("chain show ORBIT --expiry 2027-01-15 --strikes 2 --json",),
    "chain-expiries": ("chain expiries cboe_weekend.csv --json",),
    "chain-expiries-of-the-feed": ("chain expiries ORBIT --json",),
    "chain-quality": ("chain quality cboe_weekend.csv --json",),
    "strategy-list": ("strategy list --json",),
    "strategy-payoff": (f"strategy payoff --legs {VERTICAL} --multiplier 100 --at 105 --json",),
    "strategy-payoff-of-a-calendar": (
        "strategy payoff --legs - --spot 100 --rate 0.03 --volatility 0.2 --multiplier 10 --json",
    ),
    "strategy-build": (
        "strategy build iron-condor --underlying ORBIT --expiry 2027-01-15 --delta 0.1,0.3,0.3,0.1 --json",
    ),
    "surface-fit": ("surface fit ORBIT --grid 7 --json",),
    "surface-show": ("surface show ORBIT --model ssvi --json",),
    "surface-check": ("surface fit ORBIT --save orbit.json", "surface check orbit.json --json"),
    "calibrate-heston": (f"calibrate heston ORBIT {TERMS} --json",),
    "calibrate-bates": (f"calibrate bates ORBIT {TERMS} --weights equal --no-record --json",),
    "calibrate-double-heston": (f"calibrate double-heston ORBIT {TERMS} --starts 1 --json",),
    "calibrate-merton": (f"calibrate merton ORBIT {TERMS} --json",),
    "calibrate-sabr": (f"calibrate sabr ORBIT {TERMS} --beta 0.5 --json",),
    "calibrate-slv": (
        f"calibrate slv ORBIT --horizon 2026-12-04 {HESTON} --particles 2048 --paths 1024 --save slv.json --json",
    ),
    "calibrate-history-list": (f"calibrate heston ORBIT {TERMS}", "calibrate history list --json"),
    "calibrate-history-list-of-a-fresh-home": ("calibrate history list --json",),
    "calibrate-history-show": (f"calibrate heston ORBIT {TERMS}", "calibrate history show 20261120 --json"),
    "feed-list": ("chain import cboe_older.csv --name older", "feed list --json"),
    "feed-record": (
        "feed record short --underlying ORBIT --expiries 1 --start 2026-03-02T14:30 --interval 60 --count 3 --json",
    ),
    "feed-replay": (
        "feed record short --underlying ORBIT --expiries 1 --start 2026-03-02T14:30 --interval 60 --count 3",
        "feed replay short --speed 0 --step 60",
    ),
    "buy": (BUY,),
    "buy-again-with-the-same-id": (BUY, BUY),
    "buy-dry-run": ("buy 2 ORBIT 15JAN27 200 C --limit 30 --dry-run --json",),
    "sell": (BUY, "sell 1 ORBIT270115C00200000 --client-id second --json"),
    "order-submit": (ORDER,),
    "order-submit-combination": (f"order submit {SPREAD_ORDER} --client-id first --json",),
    "order-submit-batch": ("order submit --batch - --client-id first --json",),
    "order-preview-combination": (f"order preview {SPREAD_ORDER} --limit 2.00 --json",),
    "order-preview": (f"order preview {REST} --json",),
    "order-preview-effect": (f"order preview {SPREAD_ORDER} --limit 2.00 --effect --json",),
    "order-preview-effect-of-shares": (
        "order preview --symbol ORBIT --side buy --quantity 100 --type limit --limit 190 --effect --json",
    ),
    "order-amend": (ORDER, "order amend first --quantity 1 --amendment-id smaller --json"),
    "order-cancel": (ORDER, "order cancel first --json"),
    "order-list": (ORDER, "order list --json"),
    "order-show": (ORDER, "order show first --json"),
    "algo-start": (f"{TWAP} --time-jitter 0.5 --json",),
    "algo-start-vwap-dry-run": (f"algo start vwap {ALGO} --curve u-shape:3 --dry-run --json",),
    "algo-start-is-dry-run": (
        f"algo start is {ALGO} --risk-aversion 0.05 --volatility 30 --temporary 0.1 --permanent 0.01 --dry-run --json",
    ),
    "algo-pause": (f"{TWAP} --style rest", "algo pause first --json"),
    "algo-resume": (TWAP, "algo pause first", "algo resume first --json"),
    "algo-cancel": (f"{TWAP} --style rest", "algo cancel first --json"),
    "algo-list": (TWAP, "algo list --json"),
    "algo-show": (f"{TWAP} --style rest --limit 2.50", "algo show first --json"),
    "algo-costs": (TWAP, "algo costs first --json"),
    "halt-status": (ORDER, HALT, "halt status --bands ORBIT --tier 2 --index TUNDRA --json"),
    "halt-status-of-a-fresh-home": ("halt status --json",),
    "halt-start": (f"{HALT} --json",),
    "admin-user-add": (f"{ADA} --json",),
    "admin-user-list": (ADA, GRACE, "admin user list --json"),
    "admin-user-role": (GRACE, "admin user role grace@example.com risk_manager --yes --json"),
    "admin-user-disable": (GRACE, "admin user disable grace@example.com --yes --json"),
    "admin-user-enable": (GRACE, "admin user enable grace@example.com --yes --json"),
    "admin-desk-list": (GRACE, "admin desk list --json"),
    "admin-desk-add": (GRACE, "admin desk add grace@example.com --json"),
    "admin-desk-move": (ADA, GRACE, "admin desk move grace@example.com --to ada@example.com --json"),
    "admin-keys-list": ("admin keys list --json",),
    "admin-keys-rotate": ("admin keys rotate --yes --json",),
    "admin-audit-verify": (GRACE, "admin audit verify --json"),
    "admin-audit-head": (GRACE, "admin audit head --json"),
    "admin-erase": (GRACE, "admin erase grace@example.com --yes --json"),
    "halt-lift": (HALT, "halt lift ORBIT --by ada --reason over --yes --json"),
    "exercise-do-not": (BUY, "exercise ORBIT270115C00200000 --do-not --quantity 1 --yes --json"),
    "expire": ("expire --json",),
    "expire-preview": (
        BUY,
        "exercise ORBIT270115C00200000 --do-not --quantity 1 --yes",
        "expire --preview --json",
    ),
    "expire-preview-of-a-fresh-home": ("expire --preview --json",),
    "expiry-calendar": (BUY, "expiry calendar --json"),
    "roll": (BUY, "roll ORBIT270115C00200000 --to 2027-03-19 --client-id rolled --json"),
    "kill-watch": (BUY, ARM, "kill watch --daily-loss 2000 --yes --json"),
    "kill-status-of-a-fresh-home": ("kill status --json",),
    "kill-arm": (f"{ARM} --json",),
    "kill-disarm": (ARM, "kill disarm --by ada --reason lunch --yes --json"),
    "kill-fire": (BUY, ORDER.replace("first", "rests"), ARM, f"{FIRE} --json"),
    "kill-fire-dry-run": (ORDER, ARM, "kill fire --dry-run --json"),
    "kill-rearm": (ARM, FIRE, "kill rearm --by ada --reason over --yes --confirm rearm-k1 --json"),
    "positions": (BUY, "positions --json"),
    "positions-by-strategy": (BUY, "positions --group strategy --json"),
    "positions-of-all-accounts": (
        BUY,
        f"--account other {BUY.replace('first', 'third')}",
        "positions --all-accounts --json",
    ),
    "positions-of-a-fresh-home": ("positions --json",),
    "account": (BUY, "account --json"),
    "account-state-of-a-fresh-home": ("account state --json",),
    "account-state": (ORDER, "account state close-only --reason review --by ada --yes --json"),
    "account-of-a-fresh-home": ("account --json",),
    "ledger-show": (BUY, "ledger show --json"),
    "ledger-show-of-a-symbol": (BUY, "ledger show --symbol ORBIT270115C00200000 --since 2026-11-20 --json"),
    "ledger-show-of-a-fresh-home": ("ledger show --json",),
    "ledger-lots": (BUY, "sell 1 ORBIT270115C00200000 --client-id second", "ledger lots --json"),
    "ledger-verify": (BUY, "ledger verify --json"),
    "ledger-verify-of-a-fresh-home": ("ledger verify --json",),
    "import-trades": ("import trades - --json",),
    "import-trades-dry-run": ("import trades - --dry-run --json",),
    "alert-add": (ALERT,),
    "alert-add-on-a-volatility": ("alert add iv --symbol ORBIT270115C00230000 --below 0.1 --id cheap --json",),
    "alert-list": (ALERT, "alert list --json"),
    "alert-check": (
        "alert add unrealised-pnl --symbol ORBIT270115C00230000 --above 9 --id profit",
        ORDER,
        "alert add fill --order first --id fill",
        "order amend first --limit 9",
        "alert check --json",
    ),
    "alert-snooze": (ALERT, "alert snooze high --minutes 30 --json"),
    "alert-dismiss": (ALERT, "alert dismiss high --json"),
    "alert-remove": (ALERT, "alert remove high --json"),
    "watchlist-create": (LIST,),
    "watchlist-add": (LIST, "watchlist add main TUNDRA --json"),
    "watchlist-remove": (LIST, "watchlist remove main ORBIT --json"),
    "watchlist-show": (LIST, "watchlist show main --json"),
    "watchlist-list": (LIST, "watchlist list --json"),
    "watchlist-delete": (LIST, "watchlist delete main --json"),
    "watchlist-move": (LIST, "watchlist move main ORBIT --to 2 --json"),
    "watchlist-columns": (LIST, "watchlist columns main last,change --json"),
    "watchlist-rename": (LIST, "watchlist rename main tech --json"),
    "workspace-list-of-a-fresh-home": ("workspace list --json",),
    "chart-show": ("chart show ORBIT --range 1m --json",),
    "dashboard": (BUY, "dashboard --json"),
    "config-themes": ("config themes --json",),
    "config-keymaps": ("config keymaps --json",),
    "journal-add": (NOTE,),
    "journal-list": (NOTE, "journal list --find QUIET --json"),
    "log-show": (BUY, "log show --json"),
    "log-show-orders": (BUY, "log show --type order.filled --json"),
    "log-verify": (BUY, "log verify --json"),
    "log-verify-of-a-fresh-home": ("log verify --json",),
    "config-show": ("--seed 7 config show --json",),
    "config-path": ("config path --json",),
    "doctor": ("doctor --json",),
    "risk-margin": ("risk margin --book - --json",),
    "risk-margin-all": ("risk margin --book - --regime all --cash 20000 --json",),
    "risk-margin-deribit": ("risk margin --book - --regime deribit --json",),
    "risk-margin-kept": ("risk margin --book - --maintenance --liquidation --cash 90000 --json",),
    "risk-margin-ahead": ("risk margin --book - --regime all --cash 90000 --after-expiry 2027-01-15 --json",),
    "risk-margin-of-the-account": (BUY, "risk margin --regime all --json"),
    "risk-var": (BUY, "risk var --confidence 0.99,0.95 --horizon 1,10 --json"),
    "risk-es": (BUY, "risk es --method age --by underlying --json"),
    "risk-what-if": (BUY, "risk what-if sell 1 ORBIT 15JAN27 200 C buy 10 ORBIT --json"),
    "risk-backtest": (BUY, "risk backtest --confidence 0.95 --json"),
    "risk-liquidity": (BUY, "risk liquidity --json"),
    "risk-stress": (BUY, "risk stress --scenario crash-1987 --scenario rate_hike --json"),
    "risk-stress-grid": (BUY, "risk stress --spots=-10,0,10 --volatilities=0,5 --days 0,7 --json"),
    "risk-stress-list": ("risk stress --list --json",),
    "risk-reverse-stress": ("risk reverse-stress --limit 500 --book - --deviation spot=0.02 --json",),
    "risk-greeks": (BUY, "risk greeks --by expiry --beta ORBIT=1.2 --json"),
    "risk-explain": (BUY, "risk explain --from 2026-11-20T14:00Z --json"),
    "risk-limits-list": (BUY, f"{SOFT} --json", "risk limits list --json"),
    "risk-limits-set": ("risk limits set vega 100 --desk vol --by ada --json",),
    "risk-limits-remove": (SOFT, "risk limits remove delta --soft --by ada --json"),
    "risk-limits-group": ("risk limits group --user ada --desk vol --by ada --json",),
    "risk-limits-breaches": (BUY, SOFT, "risk limits breaches --json"),
    "risk-limits-acknowledge": (
        BUY,
        SOFT,
        "risk limits acknowledge account/paper-1/limit-delta/soft 1 --note seen --by ada --json",
    ),
}
STDIN = {
    "risk-reverse-stress": SHARES,
    "risk-margin": BOOK,
    "risk-margin-ahead": BOOK,
    "risk-margin-all": BOOK,
    "risk-margin-deribit": COINS,
    "risk-margin-kept": BOOK,
    "order-submit-batch": """
{"symbol": "ORBIT270115C00200000", "side": "buy", "quantity": 2, "client_id": "a"}
{"symbol": "ORBIT270115C00200000", "side": "sell", "quantity": 1, "limit": "19.00", "tif": "FOK"}
""",
    "strategy-payoff-of-a-calendar": CALENDAR,
    "price-rows": ROWS,
    "price-rows-american": ROWS,
    "price-rows-of-barriers": ROWS,
    "iv-rows": PRICES,
    "iv-rows-american": PRICES,
    "import-trades": TRADES,
    "import-trades-dry-run": TRADES,
}


ROUGH = frozenset(
    name
    for name in COMMANDS
    if any(word in name for word in ("american", "barrier", "surface", "calibrate", "risk"))
    or name in ("price-history-show", "strategy-build", "strategy-payoff-of-a-calendar")
)
"""A few digits less: Greeks by differences, since rounding is divided by their steps, and fits, which end when nothing
is gained any more."""
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?|-?\d+e[-+]\d+")
COUNTS = re.compile(r'"(iterations|evaluations)": \d+')
"""Steps that a fit took, which the last digits of its numbers decide."""


def as_golden(text: str, golden: str, *, rough: bool) -> str:
    """`text` with the numbers of `golden` in place of its own where they are close: what is left to differ is more."""
    relative, absolute = (1e-4, 1e-7) if rough else (1e-10, 1e-14)
    wanted = iter(NUMBER.findall(golden))

    def close(found: re.Match[str]) -> str:
        other = next(wanted, "")
        near = other and math.isclose(float(found[0]), float(other), rel_tol=relative, abs_tol=absolute)
        return other if near else found[0]

    return NUMBER.sub(close, text)


def settled(text: str, home: Path, folder: Path) -> str:
    """The text without what differs between machines."""
    for path, name in ((home, "HOME"), (folder, "FOLDER")):
        text = text.replace(json.dumps(str(path))[1:-1], name)
    text = text.replace("\\\\", "/")
    text = re.sub(r"\d{8}-\d{6}-\d{6}-[a-z2-7]{4}", "REQUEST", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r'"(root|hash|signature|key)": "[A-Za-z0-9+/]{43,86}={1,2}"', r'"\1": "BYTES"', text)
    text = re.sub(r'"digest": "[0-9a-f]{64}"', '"digest": "DIGEST"', text)
    text = re.sub(r'"seconds": [-+.\de]+', '"seconds": SECONDS', text)
    text = re.sub(r'"error_bound": [.\d]+e-1\d', '"error_bound": TINY', text)
    text = re.sub(r"optionix [\d.]+ on Python [\d.]+, \w+", "optionix VERSION on Python VERSION, PLATFORM", text)
    text = re.sub(r'"bytes": \d+', '"bytes": SIZE', text)  # the compressor's version decides
    return re.sub(r"\([\d.]+ GB free\)", "(SPACE free)", text)


@pytest.fixture(autouse=True)
def warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether this machine is warm is the machine's, too."""
    contract_pricing.engine().clear()
    monkeypatch.setattr("optionix_core.services.warm.is_warm", lambda *_libraries: True)
    monkeypatch.setattr("optionix_core.market.sessions.is_prepared", lambda _exchange: True)


@pytest.mark.parametrize("name", COMMANDS)
def test_json(name: str, optionix, pytestconfig: pytest.Config) -> None:  # type: ignore[no-untyped-def] # conftest's own
    *before, last = COMMANDS[name]
    for command in before:
        assert optionix(*command.split(), stdin=PASSWORD if "--password-stdin" in command else "").code == 0
    answer = optionix(*last.split(), stdin=PASSWORD if "--password-stdin" in last else STDIN.get(name, ""))
    assert answer.code == 0, answer.words
    assert answer.out.endswith("\n")
    for line in answer.out.splitlines():
        json.loads(line)
    told = settled(answer.out, optionix.home, optionix.folder)
    if name in ROUGH:
        told = COUNTS.sub(r'"\1": COUNT', told)
    file = GOLDEN / f"{name}.json"
    if pytestconfig.getoption("update_snapshots"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(told.encode())
    golden = file.read_bytes().decode()
    assert as_golden(told, golden, rough=name in ROUGH).encode() == golden.encode()


def test_a_number_that_is_not_close_is_found() -> None:
    golden = '{"a": 1.5, "b": -2e-05, "c": 3}'
    assert as_golden('{"a": 1.50000000000001, "b": -2.0000000000001e-05, "c": 3}', golden, rough=False) == golden
    for other in ('{"a": 1.5001, "b": -2e-05, "c": 3}', '{"a": 1.5, "b": 2e-05, "c": 3}', '{"a": 1.5, "c": 3}'):
        assert as_golden(other, golden, rough=False) != golden
    assert as_golden('{"a": 1.50001, "b": -2e-05, "c": 3}', golden, rough=True) == golden


OF_A_SERVER = frozenset(
    {
        "account share", "account unshare", "account shares", "login", "logout", "mfa setup", "mfa verify",
        "mfa codes", "mfa disable", "password", "sessions list", "sessions revoke", "devices list", "devices release",
        "devices revoke", "keys list", "keys create", "keys revoke", "sync status", "sync now", "sync conflicts",
        "sync resolve", "sync intents", "sync desk", "sync leave", "sync resume",
    }
)  # fmt: skip
"""Commands that speak to a server."""


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(COMMANDS)


def test_every_command_that_prints_json_has_a_golden_file() -> None:
    from optionix_tui.cli.app import COMMANDS as TREE
    from optionix_tui.cli.app import CommandsOnDemand

    tree = CommandsOnDemand(TREE)

    def below(path: tuple[str, ...], command: Any) -> Iterator[tuple[str, Any]]:
        yield " ".join(path), command
        for name, inner in getattr(command, "commands", {}).items():
            yield from below((*path, name), inner)

    every = [pair for name, command in tree.items() for pair in below((name,), command)]
    printing = {name for name, leaf in every if any("--json" in parameter.opts for parameter in leaf.params)}
    covered = {command for command in printing for lines in COMMANDS.values() if f"{command} " in f"{lines[-1]} "}
    # Durations alone, see test_warm; events that come with time, see test_venue_run; the tree itself, see test_spec;
    # what serves until it is stopped, see test_web; what speaks to a server, see tests/remote.
    # What makes a store open with another key alone, see test_admin.
    alone = {"warm", "venue run", "spec", "web", "serve", "admin keys rewrap"}
    assert printing - covered == alone | (OF_A_SERVER - covered)
