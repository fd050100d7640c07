"""The description of the command line for programs: complete, true, and with a schema wherever JSON is printed."""

from __future__ import annotations

import json

import jsonschema
import pytest

from optionix_tui.cli.spec import schema_of
from tests.cli.conftest import CommandLine
from tests.cli.schema_learning import check_output, path_of


def test_every_command_is_described_with_a_schema_of_what_it_prints(optionix: CommandLine) -> None:
    answer = optionix("spec", "--json")
    assert answer.code == 0
    document = json.loads(answer.out)
    commands = {one["command"]: one for one in document["commands"]}
    assert {"order submit", "price", "price history list", "account", "risk limits set"} <= set(commands)
    for name, one in commands.items():
        assert one["about"], name
        assert one["examples"], name
        formats = [option for option in one["options"] if option["names"][-1] in {"--json", "--format"}]
        prints = any(
            "json" in f"{option['names'][-1]} {option['about']} {option['value']}".lower() for option in formats
        )
        assert (one["output"] is not None) == prints, name
        if prints:
            jsonschema.Draft202012Validator.check_schema(one["output"])
            assert "schema_version" in one["output"]["properties"] or name in LINES, name
    submit = {option["names"][-1]: option for option in commands["order submit"]["options"]}
    assert submit["--symbol"]["value"] == "OSI"
    assert submit["--dry-run"]["value"] is None
    assert {code["code"] for code in document["exit_codes"]} >= {0, 1, 2, 5, 6, 7, 130}
    assert {"name": "--v0", "value": "NUMBER"}.items() <= next(
        t for t in commands["price"]["terms"] if t["name"] == "--v0"
    ).items()


LINES = frozenset({"warm", "venue run"})
"""Commands that print a line for each thing that happens."""


def test_one_command_or_a_group_can_be_asked_for(optionix: CommandLine) -> None:
    document = json.loads(optionix("spec", "order", "submit", "--json").out)
    assert [one["command"] for one in document["commands"]] == ["order submit"]
    table = optionix("spec", "watchlist").out
    assert "watchlist create" in table
    assert "order" not in table.replace("watchlist", "").partition("\n")[0]
    answer = optionix("spec", "ordr")
    assert answer.code == 2
    assert "ordr" in answer.words


def test_a_document_that_differs_from_its_schema_is_noticed() -> None:
    assert path_of(("--account", "x", "order", "submit", "--json")) == "order submit"
    assert path_of(("price", "history", "list", "--json")) == "price history list"
    assert path_of(("price", "--spot", "1")) == "price"
    schema = schema_of("log verify")
    assert schema is not None
    good = {
        "schema_version": 1, "verified": True, "events": 0, "unacknowledged": 0, "head": {"seq": 0, "hash": "00"},
        "message": "empty, verified",
    }  # fmt: skip
    check_output(("log", "verify", "--json"), json.dumps(good))
    for wrong in ({**good, "events": "0"}, {**good, "more": 1}, {k: v for k, v in good.items() if k != "head"}):
        with pytest.raises(AssertionError, match="is not as its schema says"):
            check_output(("log", "verify", "--json"), json.dumps(wrong))
