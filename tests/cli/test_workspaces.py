from __future__ import annotations

import json
from datetime import date

from optionix_core.services import saved_workspaces
from optionix_core.services.home import HomeFolders
from tests.cli.conftest import MOMENT, CommandLine

SAVED = saved_workspaces.SavedWorkspace(
    "last", MOMENT, "sim", "chain", "ORBIT", date(2026, 12, 18), None, "dark", (("ORBIT 261218C00230000", -1),)
)


def test_workspaces_are_listed_shown_renamed_and_deleted(optionix: CommandLine) -> None:
    home = HomeFolders.of(optionix.home)
    assert json.loads(optionix("workspace", "list", "--json").out) == {"schema_version": 1, "workspaces": []}
    path = saved_workspaces.save(home, SAVED)
    (row,) = json.loads(optionix("workspace", "list", "--json").out)["workspaces"]
    assert row == {
        "name": "last", "saved_at": MOMENT.isoformat(), "feed": "sim", "screen": "chain", "underlying": "ORBIT",
        "expiry": "2026-12-18", "theme": "dark", "legs": 1, "problem": None,
    }  # fmt: skip
    shown = json.loads(optionix("workspace", "show", "last").out)
    assert shown == {"name": "last", **json.loads(path.read_text("utf-8"))}
    assert optionix("workspace", "rename", "last", "morning").words == "last is called morning now\n"
    assert optionix("workspace", "show", "last").words == "error: unknown workspace 'last'; known: morning\n"
    refused = optionix("--read-only", "workspace", "delete", "morning")
    assert (refused.code, "refused by read-only" in refused.words) == (5, True)
    assert optionix("workspace", "delete", "morning").code == 0
    assert saved_workspaces.names(home) == ()


def test_a_damaged_one_is_listed_with_file_and_line(optionix: CommandLine) -> None:
    path = saved_workspaces.save(HomeFolders.of(optionix.home), SAVED)
    path.write_text("{", "utf-8")
    answer = optionix("workspace", "list", "--format", "csv")
    assert (answer.code, f"{path}, line 1" in answer.out) == (0, True)
    (row,) = json.loads(optionix("workspace", "list", "--json").out)["workspaces"]
    assert row["screen"] is None
    assert row["problem"].startswith(f"{path}, line 1")
    assert optionix("workspace", "show", "last").code == 2
    assert optionix("workspace", "delete", "last").code == 0


def test_a_workspace_is_the_terminal_s_alone(optionix: CommandLine) -> None:
    answer = optionix("--workspace", "last", "positions")
    assert (answer.code, "--workspace" in answer.words) == (2, True)
