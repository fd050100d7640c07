from __future__ import annotations

from textual.events import Key

from config import keymaps
from config.actions import Action
from optionix_tui.keys import KeyReader, written
from optionix_tui.mailbox import Mailbox

SCOPES = ("grid", "chain", "app")


def name(found: object) -> object:
    return found.id if isinstance(found, Action) else found


def test_keys_are_written_as_they_are_typed() -> None:
    assert written(Key("question_mark", "?")) == "?"
    assert written(Key("G", "G")) == "G"
    assert written(Key("space", " ")) == "space"
    assert written(Key("escape", None)) == "esc"
    assert written(Key("ctrl+p", None)) == "ctrl+p"
    assert written(Key("f5", None)) == "f5"


def test_a_sequence_waits_for_its_second_key() -> None:
    keys = KeyReader(keymaps.load())
    assert keys.press("g", SCOPES) == "pending"
    assert keys.pending == "g"
    assert name(keys.press("b", SCOPES)) == "app.book"
    assert keys.pending == ""


def test_a_broken_sequence_does_nothing_and_is_forgotten() -> None:
    keys = KeyReader(keymaps.load())
    keys.press("g", SCOPES)
    assert keys.press("!", SCOPES) == "unknown"
    assert name(keys.press("b", SCOPES)) == "chain.buy"


def test_an_unknown_key_is_left_to_others() -> None:
    assert KeyReader(keymaps.load()).press("!", SCOPES) is None


def test_the_nearest_scope_has_the_key() -> None:
    keys = KeyReader(keymaps.load())
    assert name(keys.press("b", ("grid", "book", "app"))) == "book.buy"
    assert name(keys.press("enter", ("ticket",))) == "ticket.send"


def test_vim_closes_a_position_with_dd() -> None:
    keys = KeyReader(keymaps.load("vim"))
    assert keys.press("d", ("grid", "book", "app")) == "pending"
    assert name(keys.press("d", ("grid", "book", "app"))) == "book.close"


def test_only_the_latest_value_waits_and_its_reader_is_told_once() -> None:
    told: list[int] = []
    box = Mailbox(lambda: told.append(1))
    for number in range(100):
        box.put(chain=number, other=-number)
    assert len(told) == 1
    assert box.take() == {"chain": 99, "other": -99}
    assert box.take() == {}
    box.put(chain=1)
    assert len(told) == 2
