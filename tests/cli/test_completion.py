"""What a shell is offered: choices, names of the registry, and what home and feed know; never a network."""

from __future__ import annotations

import pytest

from optionix_core.errors import VenueError
from optionix_core.services import feeds
from tests.cli.conftest import CommandLine


@pytest.fixture
def offered(optionix: CommandLine, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def] # a function, said below
    """What follows a beginning of a command line, in bash."""

    def ask(line: str) -> list[str]:
        words = line.split(" ")
        with monkeypatch.context() as patch:
            patch.setenv("_OPTIONIX_COMPLETE", "complete_bash")
            patch.setenv("COMP_WORDS", f"optionix {line}")
            patch.setenv("COMP_CWORD", str(len(words)))
            optionix._capture.readouterr()
            with pytest.raises(SystemExit) as left:
                optionix()
            assert left.value.code == 0
            return optionix._capture.readouterr().out.decode().split()

    return ask


def test_commands_choices_and_names_of_the_registry_are_offered(offered) -> None:  # type: ignore[no-untyped-def] # as above
    assert offered("watch") == ["watchlist"]
    assert offered("order am") == ["amend"]
    assert offered("order submit --side ") == ["buy", "sell"]
    assert offered("positions --format j") == ["json", "jsonl"]
    assert "chain" in offered("screen ")
    assert offered("--theme li") == ["light"]
    assert offered("strategy build iron-c") == ["iron-condor"]


def test_symbols_are_offered_word_by_word(offered) -> None:  # type: ignore[no-untyped-def] # as above
    assert offered("buy 2 ") == ["ORBIT", "TUNDRA", "QUASAR"]
    assert offered("buy 2 or") == ["ORBIT"]
    assert "15JAN27" in offered("buy 2 ORBIT ")
    strikes = offered("buy 2 ORBIT 15JAN27 ")
    assert strikes == sorted(strikes, key=float)
    assert "230" in strikes
    assert offered("buy 2 ORBIT 15JAN27 230 ") == ["C", "P"]
    assert offered("buy 2 NOBODY ") == []
    assert offered("buy 2 ORBIT 01JAN30 ") == []
    assert "2027-01-15" in offered("chain show ORBIT --expiry ")


def test_what_the_home_has_is_offered(offered, optionix: CommandLine) -> None:  # type: ignore[no-untyped-def] # as above
    rest = "--symbol ORBIT270115C00230000 --side buy --quantity 2 --type limit --limit 1.50 --tif GTC"
    algo = "--symbol ORBIT270115C00230000 --side buy --quantity 20 --duration 1h --slices 4"
    for line in (
        f"order submit {rest} --client-id first",
        f"algo start twap {algo} --client-id worked",
        "alert add last --symbol ORBIT --above 200 --id high",
        "watchlist create tech --symbol ORBIT",
        "chain import cboe_older.csv --name older",
    ):
        assert optionix(*line.split()).code == 0
    assert "first" in offered("order cancel ")
    assert offered("algo pause ") == ["worked"]
    assert offered("alert snooze h") == ["high"]
    assert offered("watchlist show ") == ["tech"]
    assert offered("chain show ol") == ["older"]
    assert offered("surface fit ol") == ["older"]
    assert offered("--account ") == ["paper-1"]
    assert "file:older" in offered("--feed file")


def test_no_network_is_asked_and_a_home_that_cannot_be_read_offers_nothing(
    offered,  # type: ignore[no-untyped-def] # as above
    optionix: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a network was asked")

    monkeypatch.setattr(feeds, "_connected", refused)
    assert offered("--feed deribit:BTC buy 2 ") == []
    monkeypatch.undo()
    monkeypatch.setattr(feeds, "_simulated", lambda *_: (_ for _ in ()).throw(VenueError("away")))
    assert offered("buy 2 ") == []
