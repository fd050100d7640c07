"""The bytes of every command's JSON, compared with the files in `golden/` (`--snapshot-update` renews them).

What differs between machines is named here and nothing else is: paths, versions, free space, compressed size, and
the last digits of floating point numbers, which the processor's vector instructions decide.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden")
ONE = "--type call --spot 100 --strike 105 --expiry 0.5 --rate 0.05"
ROWS = "id,type,strike,volatility\na,call,105,0.25\nb,put,95,0.3\n"
PRICES = "type,strike,price\ncall,105,5.98849042\nput,300,1\n"
BUY = "buy 2 ORBIT 15JAN27 200 C --client-id first --json"

COMMANDS: dict[str, tuple[str, ...]] = {
    "price": (f"price {ONE} --volatility 0.25 --json",),
    "price-at-the-strike-on-expiry": (
        "price --type call --spot 1 --strike 1 --expiry 0 --rate 0 --volatility 0 --json",
    ),
    "price-rows": ("price - --spot 100 --expiry 0.5 --rate 0.05 --json",),
    "greeks": (f"greeks {ONE} --volatility 0.25 --json",),
    "iv": (f"iv {ONE} --price 5.98849042 --json",),
    "iv-rows": ("iv - --spot 100 --expiry 0.5 --rate 0.05 --json",),
    "chain-import": ("chain import cboe_older.csv --name older --json",),
    "chain-import-again": ("chain import cboe_older.csv", "chain import cboe_older.csv --json"),
    "chain-list": ("chain import cboe_older.csv", "chain import cboe_weekend.csv", "chain list --json"),
    "chain-show": ("chain show cboe_older.csv --json",),
    "chain-show-of-the-feed": ("chain show ORBIT --expiry 2027-01-15 --strikes 2 --json",),
    "chain-expiries": ("chain expiries cboe_weekend.csv --json",),
    "chain-expiries-of-the-feed": ("chain expiries ORBIT --json",),
    "chain-quality": ("chain quality cboe_weekend.csv --json",),
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
    "positions": (BUY, "positions --json"),
    "positions-of-all-accounts": (
        BUY,
        f"--account other {BUY.replace('first', 'third')}",
        "positions --all-accounts --json",
    ),
    "positions-of-a-fresh-home": ("positions --json",),
    "account": (BUY, "account --json"),
    "account-of-a-fresh-home": ("account --json",),
    "log-show": (BUY, "log show --json"),
    "log-show-orders": (BUY, "log show --type order.filled --json"),
    "log-verify": (BUY, "log verify --json"),
    "log-verify-of-a-fresh-home": ("log verify --json",),
    "config-show": ("--seed 7 config show --json",),
    "config-path": ("config path --json",),
    "doctor": ("doctor --json",),
}
STDIN = {"price-rows": ROWS, "iv-rows": PRICES}


def settled(text: str, home: Path, folder: Path) -> str:
    """The text without what differs between machines."""
    for path, name in ((home, "HOME"), (folder, "FOLDER")):
        text = text.replace(json.dumps(str(path))[1:-1], name)
    text = text.replace("\\\\", "/")
    text = re.sub(
        r"(\d+\.\d+)(?:e[-+]\d+)?", lambda found: f"{float(found[0]):.12g}" if len(found[1]) > 13 else found[0], text
    )
    text = re.sub(r"optionix [\d.]+ on Python [\d.]+, \w+", "optionix VERSION on Python VERSION, PLATFORM", text)
    text = re.sub(r'"bytes": \d+', '"bytes": SIZE', text)  # the compressor's version decides
    return re.sub(r"\([\d.]+ GB free\)", "(SPACE free)", text)


@pytest.fixture(autouse=True)
def warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether this machine is warm is the machine's, too."""
    monkeypatch.setattr("optionix_core.services.warm.is_warm", lambda: True)
    monkeypatch.setattr("optionix_core.market.sessions.is_prepared", lambda _exchange: True)


@pytest.mark.parametrize("name", COMMANDS)
def test_json(name: str, optionix, pytestconfig: pytest.Config) -> None:  # type: ignore[no-untyped-def] # conftest's own
    *before, last = COMMANDS[name]
    for command in before:
        assert optionix(*command.split()).code == 0
    answer = optionix(*last.split(), stdin=STDIN.get(name, ""))
    assert answer.code == 0, answer.words
    assert answer.out.endswith("\n")
    for line in answer.out.splitlines():
        json.loads(line)
    told = settled(answer.out, optionix.home, optionix.folder)
    file = GOLDEN / f"{name}.json"
    if pytestconfig.getoption("update_snapshots"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(told.encode())
    assert told.encode() == file.read_bytes()


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(COMMANDS)


def test_every_command_that_prints_json_has_a_golden_file() -> None:
    from optionix_tui.cli.app import COMMANDS as TREE
    from optionix_tui.cli.app import CommandsOnDemand

    tree = CommandsOnDemand(TREE)
    printing = {
        " ".join((name, *inner))
        for name, command in tree.items()
        for inner, leaf in (
            [((key,), item) for key, item in command.commands.items()]
            if hasattr(command, "commands")
            else [((), command)]
        )
        if any("--json" in parameter.opts for parameter in leaf.params)
    }
    covered = {command for command in printing for lines in COMMANDS.values() if f"{command} " in f"{lines[-1]} "}
    assert printing - covered == {"warm"}  # durations alone; see test_warm
