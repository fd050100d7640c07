"""One question at a time, the newest wins, and what takes long rests long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from optionix_core.errors import InterruptedByUserError, MissingDataError
from optionix_core.market.clock import ManualClock
from screens.background import Background


class Desk:
    """Runs work when it is told to, and hands what was posted back to its background."""

    def __init__(self):
        self.clock = ManualClock(datetime(2026, 11, 20, 15, 30, tzinfo=UTC))
        self.waiting = []
        self.posted = []
        self.background = Background(self.clock, self.waiting.append, self.posted.append)
        self.asked = []

    def work(self, name, seconds=0.0, problem=None):
        def run(progress, cancel):
            self.asked.append(name)
            progress(1, 2)
            self.clock.advance(timedelta(seconds=seconds))
            if cancel():
                raise InterruptedByUserError("ended")
            if problem is not None:
                raise problem
            return f"answer to {name}"

        return run

    def ask(self, name, **options):
        every = options.pop("every", None)
        self.background.ask(name, self.work(name, **options), every=every)

    def go_on(self):
        self.waiting.pop(0)()
        while self.posted:
            message = self.posted.pop(0)
            if isinstance(message, Background.Ended):
                self.background.take(message)


def test_a_question_is_answered_once():
    desk = Desk()
    desk.ask("a")
    desk.ask("a")
    assert (len(desk.waiting), desk.background.running) == (1, True)
    desk.go_on()
    desk.ask("a")
    assert (desk.background.answer, desk.background.key, desk.asked) == ("answer to a", "a", ["a"])
    assert not desk.background.running
    desk.background.again()
    desk.ask("a")
    desk.go_on()
    assert desk.asked == ["a", "a"]


def test_the_newest_of_many_questions_is_answered_next_and_the_one_that_runs_is_told_to_end():
    desk = Desk()
    for name in "abcd":
        desk.ask(name)
    desk.go_on()
    assert (desk.background.answer, desk.background.running) == (None, True)
    desk.go_on()
    assert (desk.background.answer, desk.asked, desk.waiting) == ("answer to d", ["a", "d"], [])


def test_a_problem_keeps_the_answer_before_it():
    desk = Desk()
    desk.ask("a")
    desk.go_on()
    desk.ask("b", problem=MissingDataError("no history"))
    desk.go_on()
    assert (desk.background.answer, str(desk.background.problem)) == ("answer to a", "no history")
    desk.ask("b", problem=MissingDataError("no history"))
    assert desk.waiting == []
    desk.ask("a")
    desk.go_on()
    assert desk.background.problem is None


def test_what_is_cancelled_has_no_answer_and_nothing_follows():
    desk = Desk()
    desk.ask("a")
    desk.ask("b")
    desk.background.cancel()
    desk.go_on()
    assert (desk.background.answer, desk.background.problem, desk.waiting) == (None, None, [])


def test_an_old_answer_is_asked_for_again_but_never_more_than_a_fifth_of_the_time():
    desk = Desk()
    minute = timedelta(minutes=1)
    desk.ask("a", seconds=30.0, every=minute)
    desk.go_on()
    for waited, due in ((60, False), (59, False), (1, True)):
        desk.clock.advance(timedelta(seconds=waited))
        desk.ask("a", every=minute)
        assert bool(desk.waiting) is due


def test_progress_is_told_as_it_goes():
    desk = Desk()
    desk.ask("a")
    desk.waiting.pop(0)()
    assert (desk.background.done, desk.background.total) == (1, 2)
    assert isinstance(desk.posted[0], Background.Changed)


def test_what_goes_wrong_unexpectedly_is_not_hidden():
    desk = Desk()

    def broken(progress, cancel):
        raise ZeroDivisionError

    desk.background.ask("a", broken)
    with pytest.raises(ZeroDivisionError):
        desk.waiting.pop(0)()
    with pytest.raises(ValueError, match="a question needs a key"):
        desk.background.ask(None, broken)
