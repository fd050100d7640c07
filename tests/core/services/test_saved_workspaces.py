from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import (
    InvalidValueError,
    MalformedFileError,
    ReadOnlyError,
    StorageError,
    UnknownNameError,
    UsageError,
)
from optionix_core.services import saved_workspaces
from optionix_core.services.home import HomeFolders
from optionix_core.services.saved_workspaces import SavedWorkspace

SAVED = SavedWorkspace(
    name="last",
    saved_at=datetime(2026, 1, 5, 15, 0, tzinfo=UTC),
    feed="sim",
    screen="chain",
    underlying="ORBIT",
    expiry=date(2026, 1, 16),
    root="ORBIT",
    theme="dark",
    stage=(("ORBIT 260116C00230000", 1), ("ORBIT 260116C00240000", -1)),
    arrangements={"chart": {"period": "6m"}},
)


@pytest.fixture
def home(tmp_path: Path) -> HomeFolders:
    return HomeFolders.of(tmp_path)


def file_of(home: HomeFolders, name: str) -> Path:
    return home.state / "workspaces" / f"{name}.json"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(
    kept=st.dictionaries(
        st.text(min_size=1, max_size=8), st.dictionaries(st.text(max_size=6), json_values, max_size=3)
    ),
    legs=st.lists(st.tuples(st.text(min_size=1, max_size=21), st.integers(-50, 50).filter(bool)), max_size=4),
    expiry=st.none() | st.dates(),
)
@settings(max_examples=60, deadline=None)
def test_what_is_saved_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    kept: dict[str, dict[str, object]],
    legs: list[tuple[str, int]],
    expiry: date | None,
) -> None:
    home = HomeFolders.of(tmp_path_factory.mktemp("home"))
    saved = replace(SAVED, arrangements=kept, stage=tuple(legs), expiry=expiry)
    saved_workspaces.save(home, saved)
    assert saved_workspaces.load(home, "last") == saved


def test_the_one_saved_last_is_the_latest_and_is_listed_first(home: HomeFolders) -> None:
    assert saved_workspaces.latest(home) is None
    saved_workspaces.save(home, SAVED)
    later = replace(SAVED, name="morning", saved_at=datetime(2026, 1, 6, tzinfo=UTC))
    path = saved_workspaces.save(home, later)
    os.utime(file_of(home, "last"), ns=(1, 1))
    os.utime(path, ns=(2, 2))
    assert saved_workspaces.latest(home) == later
    assert [entry.name for entry in saved_workspaces.listing(home)] == ["morning", "last"]


def test_renaming_and_deleting(home: HomeFolders) -> None:
    saved_workspaces.save(home, SAVED)
    saved_workspaces.save(home, replace(SAVED, name="other"))
    with pytest.raises(UsageError, match="there is a workspace 'other' already"):
        saved_workspaces.rename(home, "last", "other")
    assert saved_workspaces.rename(home, "last", "morning").name == "morning"
    assert saved_workspaces.names(home) == ("morning", "other")
    saved_workspaces.delete(home, "other")
    assert saved_workspaces.names(home) == ("morning",)
    for act in (saved_workspaces.delete, saved_workspaces.load):
        with pytest.raises(UnknownNameError, match="unknown workspace 'other'; known: morning"):
            act(home, "other")


@pytest.mark.parametrize("name", ["", "a/b", "..", "nul", "x" * 200])
def test_names_that_no_platform_can_store_are_refused(home: HomeFolders, name: str) -> None:
    with pytest.raises(InvalidValueError, match="name must be"):
        saved_workspaces.save(home, replace(SAVED, name=name))


DOCUMENT = saved_workspaces.to_json(SAVED)
WRONG: tuple[tuple[str, object, str], ...] = (
    ("schema_version", 9, "schema_version must be 1 (got 9)"),
    ("saved_at", "yesterday", "saved_at must be an ISO moment (got 'yesterday')"),
    ("saved_at", "2026-01-05T15:00:00", "saved_at must have a time zone"),
    ("screen", 3, "screen must be a text (got 3)"),
    ("screen", None, "screen must be a text (got None)"),
    ("expiry", "soon", "expiry must be YYYY-MM-DD (got 'soon')"),
    ("stage", {}, "stage must be a list of legs"),
    ("stage", [{"symbol": "X", "quantity": 0}], "a quantity other than 0"),
    ("stage", [{"symbol": "X", "quantity": True}], "a quantity other than 0"),
    ("arrangements", {"chain": 3}, "arrangements must be an object of objects"),
    ("colour", "red", "unknown field 'colour'; known: schema_version"),
)


@pytest.mark.parametrize(("field", "value", "told"), WRONG)
def test_a_wrong_field_is_told_with_file_and_line_and_the_file_stays(
    home: HomeFolders, field: str, value: object, told: str
) -> None:
    path = saved_workspaces.save(home, SAVED)
    document = {name: item for name, item in DOCUMENT.items() if name != "name"} | {field: value}
    text = json.dumps(document, indent=2)
    path.write_text(text, "utf-8")
    with pytest.raises(MalformedFileError) as caught:
        saved_workspaces.load(home, "last")
    assert told in str(caught.value)
    assert caught.value.path == str(path)
    assert caught.value.line is not None
    assert f'"{field}"' in text.splitlines()[caught.value.line - 1]
    (entry,) = saved_workspaces.listing(home)
    assert entry.saved is None
    assert entry.problem == str(caught.value)
    assert path.read_text("utf-8") == text


def test_what_is_no_json_is_told_with_its_line(home: HomeFolders) -> None:
    path = saved_workspaces.save(home, SAVED)
    path.write_text('{\n  "schema_version": 1,\n  "feed" "sim"\n}\n', "utf-8")
    with pytest.raises(MalformedFileError, match=r"last\.json, line 3, column 10: is no JSON"):
        saved_workspaces.latest(home)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MalformedFileError, match="cannot be read"):
        saved_workspaces.latest(home)
    path.write_text("[]", "utf-8")
    with pytest.raises(MalformedFileError, match="must be an object"):
        saved_workspaces.latest(home)
    saved_workspaces.delete(home, "last")


def test_a_write_that_fails_is_told_and_leaves_the_old_one(home: HomeFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    saved_workspaces.save(home, SAVED)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("optionix_core.storage.durable.os.write", full)
    with pytest.raises(StorageError, match="No space left on device"):
        saved_workspaces.save(home, replace(SAVED, theme="light"))
    monkeypatch.undo()
    assert saved_workspaces.load(home, "last") == SAVED
    assert [path.name for path in file_of(home, "last").parent.iterdir()] == ["last.json"]


def test_a_home_opened_for_reading_alone_keeps_its_workspaces(home: HomeFolders) -> None:
    saved_workspaces.save(home, SAVED)
    only_read = replace(home, read_only=True)
    for act in (
        lambda: saved_workspaces.save(only_read, SAVED),
        lambda: saved_workspaces.rename(only_read, "last", "first"),
        lambda: saved_workspaces.delete(only_read, "last"),
    ):
        with pytest.raises(ReadOnlyError):
            act()
    assert saved_workspaces.load(only_read, "last") == SAVED
