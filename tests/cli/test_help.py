"""Every command tells what it takes, and ends with examples that work as they stand."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import typer.main

from optionix_core.market.clock import ManualClock
from optionix_core.services import chains, feeds, saved_workspaces, surfaces
from optionix_core.services.home import HomeFolders
from optionix_tui.cli.app import app
from tests.cli.test_workspaces import SAVED

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
EXPIRY = date(2027, 1, 15)


def tree() -> Iterator[tuple[tuple[str, ...], Any]]:
    def below(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield path, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from below((*path, name), inner)

    yield from below((), typer.main.get_command(app))


COMMANDS = dict(tree())
COOKBOOK = Path(__file__).resolve().parents[2] / "docs" / "guide" / "cookbook.md"
_BLOCKS = re.findall(r"```sh\n(.*?)```", COOKBOOK.read_text("utf-8"), re.DOTALL)
IN_COOKBOOK = {line for block in _BLOCKS for line in block.splitlines()}
"""Lines of the guide that are commands; tables of cron are not."""
EXAMPLES = sorted(IN_COOKBOOK | {line for command in COMMANDS.values() for line in command.epilog.splitlines()})


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "optionix")
def test_help_ends_with_examples_one_a_line(path: tuple[str, ...], optionix) -> None:  # type: ignore[no-untyped-def] # conftest's own
    answer = optionix(*path, "--help")
    assert (answer.code, answer.words) == (0, "")
    assert answer.out.startswith(f"Usage: {' '.join(('optionix', *path))} ")
    _, _, examples = answer.out.partition("\nExamples:\n")
    lines = [line.removeprefix("  ") for line in examples.splitlines()]
    assert lines == COMMANDS[path].epilog.splitlines()
    assert all("optionix" in line for line in lines)
    assert optionix(*path, "-h").out == answer.out


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "optionix")
def test_every_option_says_what_it_is_for_and_what_stands_for_its_value(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:
        assert parameter.help
        assert parameter.help.endswith(".")
        flag = getattr(parameter, "is_flag", False)
        assert flag or parameter.metavar or parameter.name in {"install_completion", "show_completion"}


def test_the_version_is_the_package_s(optionix) -> None:  # type: ignore[no-untyped-def]
    from optionix_core import __version__

    assert optionix("--version").out == f"optionix {__version__}\n"


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder and a home that hold what the examples name."""
    folder = tmp_path_factory.mktemp("scenery")
    home = HomeFolders.of(folder / "home")
    feed = feeds.open_feed("sim")
    chain = feed.chain("ORBIT", MOMENT, EXPIRY)
    quotes = chains.encode(chain, "csv").decode()
    (folder / "spx_quotedata.csv").write_text(quotes, "utf-8", newline="")
    header, rest = quotes.split("\n", 1)
    header = ",".join({"strike": "K", "bid": "Bid"}.get(name, name) for name in header.split(","))
    (folder / "orbit-then.jsonl").write_bytes(chains.encode(chain, "json"))
    surfaces.save(surfaces.fit(chain).surface, folder / "orbit.json")
    (folder / "renamed.csv").write_text(f"{header}\n{rest}", "utf-8", newline="")
    (folder / "options.csv").write_text("type,spot,strike,expiry,volatility\ncall,100,105,0.5,0.25\n", "utf-8")
    (folder / "quotes.csv").write_text("type,strike,expiry,price\ncall,105,0.5,6\n", "utf-8")
    legs = '[{"type":"put","strike":200,"quantity":-2,"price":3.4,"expiry":"2027-01-15"}]'
    (folder / "legs.json").write_text(legs, "utf-8")
    trade = "2026-11-18T15:31:07Z,ORBIT270115C00200000,buy,2,21.40,1.30,T-1001"
    (folder / "trades.csv").write_text(f"time,symbol,side,quantity,price,fee,id\n{trade}\n", "utf-8")
    book = "SPX,6000,put,5800,2027-01-15,-1,95,100\nXYZ,45,stock,,,100,,1\n"
    header = "underlying,underlying_price,type,strike,expiry,quantity,price,multiplier"
    (folder / "book.csv").write_text(f"{header}\n{book}", "utf-8")
    (folder / "order.csv").write_text(f"{header}\nSPX,6000,put,5700,2027-01-15,1,70,100\n", "utf-8")
    mine = '[[scenario]]\nid = "slump"\nspot = -0.15\nvolatility = [{days = 30, change = 0.12}]\n'
    (folder / "mine.toml").write_text(mine, "utf-8")
    (folder / "orders.csv").write_text(f"symbol,side,quantity\n{CALL},buy,2\n{CALL},sell,1\n", "utf-8")
    (folder / "note.txt").write_text("Quiet until noon.\n", "utf-8")
    (folder / "optionix.toml").write_text("", "utf-8")
    saved_workspaces.save(home, SAVED)
    chains.import_file(home, folder / "spx_quotedata.csv", "SPX")
    report = feeds.record(feed, home, "monday", ManualClock(MOMENT), underlyings=["ORBIT"], count=1, expiries=1)
    shutil.copy(report.path, folder)
    return folder


CALL = "ORBIT270115C00230000"
SENT = (
    "buy 3 ORBIT 15JAN27 230 C",
    f"order submit --symbol {CALL} --side buy --quantity 2 --type limit --limit 2 --client-id entry-1",
    f"algo start twap --symbol {CALL} --side buy --quantity 20 --duration 30m --slices 6 --client-id morning",
)
BEFORE = {
    "optionix alert": "alert add last --symbol ORBIT --above 200 --hysteresis 1 --id high",
    "optionix watchlist": "watchlist create main --symbol ORBIT --symbol 'ORBIT 15JAN27 230 C'",
    "optionix watchlist move": "watchlist add main TUNDRA",
    "optionix kill fire": "kill arm --by ada --yes",
    "optionix kill disarm": "kill arm --by ada --yes",
    "optionix kill re": "kill arm --by ada --yes",
    "optionix kill rearm": "kill fire --by ada --id k1 --yes",
    "optionix risk limits remove delta": "risk limits set delta 5000 --by ada",
    "optionix risk limits remove vega": "risk limits set vega 100 --desk vol --by ada",
    "optionix risk limits acknowledge": "risk limits set delta 1 --soft --by ada",
    "optionix halt lift": "halt start ORBIT --by ada --yes",
    "optionix halt lift '": "halt start 'ORBIT 15JAN27 230 C' --by ada --yes",
}
"""What examples that begin so find done already."""


@pytest.fixture
def stage(optionix, scenery: Path, request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """The command line on a copy of it, with a position, an order that rests and an algorithm, sent once for all."""
    sent = scenery.with_name("sent")
    if sent.exists():
        shutil.copytree(sent, optionix.folder, dirs_exist_ok=True)
    else:
        shutil.copytree(scenery, optionix.folder, dirs_exist_ok=True)
        for command in SENT:
            assert optionix(*command.split()).code == 0
        shutil.copytree(optionix.folder, sent)
    for beginning, done in BEFORE.items():
        if request.node.callspec.params["example"].startswith(beginning):
            assert optionix(*shlex.split(done)).code == 0
    return optionix


# Expiries, roots and names that the stage has in the place of those of a real download.
ON_STAGE = {
    "2023-03-17": f"{EXPIRY}",
    "--root SPX": "--root ORBIT",
    "monday --speed 10": "monday --speed 1e6",
    "import spx_quotedata.csv --name SPX": "import spx_quotedata.csv --name SPX2",
    "import quotes.csv --map": "import renamed.csv --map",
}
OF_A_SERVER = re.compile(r"optionix (account (un)?shares?|devices|keys|login|logout|mfa|password|sessions|sync)\b")
"""Commands that speak to a server: tests/remote runs each of them beside one."""
NOT_RUN = {
    **{line: "needs a server, see tests/remote" for line in EXAMPLES if OF_A_SERVER.search(line)},
    **{line: "drawn by the terminal's own tests" for line in EXAMPLES if line.startswith("optionix screen")},
    **{line: "serves until it is stopped, see test_web" for line in EXAMPLES if line.startswith("optionix web")},
    **{line: "serves until it is stopped, see test_serve" for line in EXAMPLES if "optionix serve" in line},
    **{
        line: "needs somebody in the server's store, see test_admin"
        for line in EXAMPLES
        if line.startswith("optionix admin") and ("@" in line or "audit head" in line or "rewrap" in line)
    },
    "optionix": "needs a terminal",
    "optionix --feed replay:monday": "needs a terminal",
    "optionix --theme ./mine.toml": "needs a terminal",
    "optionix --keymap ./mine.toml": "needs a terminal",
    "optionix feed record monday --underlying ORBIT --expiries 4 --duration 600": "takes ten minutes",
}


def test_what_is_not_run_is_still_an_example() -> None:
    assert set(NOT_RUN) <= set(EXAMPLES)


@pytest.mark.parametrize("example", [line for line in EXAMPLES if OF_A_SERVER.search(line)])
def test_examples_beside_a_server_are_written_as_their_commands_take_them(example: str) -> None:
    found = re.search(r"optionix (?P<arguments>[^|<>]*)", example)
    assert found is not None
    words = shlex.split(found["arguments"])
    path = max((path for path in COMMANDS if tuple(words[: len(path)]) == path), key=len)
    COMMANDS[path].make_context(" ".join(path), words[len(path) :])


@pytest.mark.parametrize("example", [line for line in EXAMPLES if line not in NOT_RUN])
def test_examples_work(example: str, stage) -> None:  # type: ignore[no-untyped-def]
    line = example
    for written, staged in ON_STAGE.items():
        line = line.replace(written, staged)
    found = re.search(r"optionix (?P<arguments>[^|<>)]*)(?P<rest>.*)", line)
    assert found is not None
    stdin = b""
    if source := re.search(r"< (\S+)", line):
        stdin = (stage.folder / source[1]).read_bytes()
    elif line.startswith("jq "):
        row = {"type": "call", "spot": 100, "strike": 105, "expiry": 0.5, "rate": 0.05, "volatility": 0.25}
        stdin = json.dumps(row).encode()
    commands = [found["arguments"], *re.findall(r"\| optionix ([^|]*)", found["rest"])]
    for command in commands:
        answer = stage(*shlex.split(command), stdin=stdin)
        assert answer.code == 0, f"{command}: {answer.words}"
        stdin = answer.data
    asked = re.search(r"\| jq (?:-\w+ )?'?(\.\w+)", found["rest"])
    if asked:
        documents = [json.loads(text) for text in stdin.decode().splitlines()]
        assert all(asked[1][1:] in document for document in documents)
