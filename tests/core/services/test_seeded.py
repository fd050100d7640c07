"""A random test that fails tells its seed and keeps it, and runs the same again with it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from seeded import VARIABLE, run_seeded

HOW = settings(
    max_examples=60, stateful_step_count=20, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


class Broken(RuleBasedStateMachine):
    """Holds until a number above 5,000 comes, which some of a thousand are."""

    seen: list[int] = []  # noqa: RUF012 - shared on purpose: what all runs drew

    @rule(number=st.integers(0, 10_000))
    def add(self, number):
        Broken.seen.append(number)
        assert number <= 5_000, f"{number} broke it"


def drawn():
    Broken.seen.clear()
    return Broken.seen


def test_a_failing_seed_is_told_and_kept_and_fails_again_the_same(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    kept = tmp_path / "seeds" / "failed.txt"
    seen = drawn()
    with pytest.raises(AssertionError, match="broke it") as failed:
        run_seeded(Broken, HOW, kept)
    first = list(seen)
    name, number = kept.read_text(encoding="utf-8").split()
    assert name == "Broken"
    assert f"seed {number}, kept in {kept}; run the test again with {VARIABLE}={number}" in failed.value.__notes__
    assert any("reproduce_failure" in note for note in failed.value.__notes__)
    monkeypatch.setenv(VARIABLE, number)
    seen = drawn()
    with pytest.raises(AssertionError, match="broke it"):
        run_seeded(Broken, HOW, kept)
    assert list(seen) == first
    assert kept.read_text(encoding="utf-8").splitlines() == [f"Broken {number}"] * 2


def test_a_run_that_holds_keeps_nothing(tmp_path):
    class Sound(RuleBasedStateMachine):
        @rule(number=st.integers(0, 9))
        def add(self, number):
            assert number < 10

    run_seeded(Sound, HOW, tmp_path / "failed.txt")
    assert not (tmp_path / "failed.txt").exists()
