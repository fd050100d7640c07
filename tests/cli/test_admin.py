"""`optionix admin`: what it does to a store, what it refuses, and that no secret comes out of it."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from optionix_core.sync import merkle
from server.audit.entries import head_payload
from server.store.sqlite import SqliteDatabase

PASSWORD = "a long phrase that nobody has published 7"  # noqa: S105 - of nobody
ADD = ("admin", "user", "add", "--email", "ada@example.com", "--full-name", "Ada", "--password-stdin")

REFUSED = [
    ("admin user add --email a@example.com --full-name A", 2, "--password-stdin"),
    (
        "admin user add --email a@example.com --full-name A --role king --password-stdin",
        1,
        "role must be one of viewer",
    ),
    ("admin user role ada@example.com king --yes", 1, "role must be one of viewer"),
    ("admin user role nobody@example.com trader --yes", 2, "unknown user 'nobody@example.com'"),
    ("admin user role ada@example.com admin", 2, "--yes"),
    ("admin user disable ada@example.com", 2, "--yes"),
    ("admin keys rotate", 2, "--yes"),
    ("admin erase ada@example.com", 2, "--yes"),
    ("admin erase nobody --yes", 2, "unknown user 'nobody'"),
    ("admin audit head", 6, "no entry yet"),
]


@pytest.mark.parametrize(("command", "code", "told"), REFUSED, ids=[command for command, _, _ in REFUSED])
def test_what_cannot_be_done_is_named(optionix: Any, command: str, code: int, told: str) -> None:
    answer = optionix(*command.split(), stdin=PASSWORD)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.words


def test_a_weak_password_and_a_taken_email_are_refused(optionix: Any) -> None:
    weak = optionix(*ADD, stdin="short")
    assert weak.code == 1
    assert "password" in weak.words
    assert "short" not in weak.out
    assert optionix(*ADD, stdin=PASSWORD).code == 0
    again = optionix(*ADD, stdin=PASSWORD)
    assert (again.code, "email already" in again.words) == (1, True)


def test_what_was_done_is_in_the_audit_log_and_no_secret_is_told(optionix: Any) -> None:
    told = [
        optionix(*ADD, "--role", "admin", stdin=PASSWORD),
        optionix("admin", "user", "disable", "ada@example.com", "--yes"),
        optionix("admin", "keys", "rotate", "--yes"),
        optionix("admin", "keys", "list"),
        optionix("admin", "audit", "export"),
    ]
    assert [one.code for one in told] == [0] * 5
    *entries, last = map(json.loads, told[-1].out.splitlines())
    acts = [json.loads(entry["data"]) for entry in entries]
    assert [act["action"] for act in acts] == ["users.add", "users.write", "encryption.rotate", "audit.export"]
    assert {act["user_id"] for act in acts} == {None}
    head = last["head"]
    root = merkle.root(merkle.leaf_hash(entry["data"].encode()) for entry in entries)
    assert base64.b64decode(head["root"]) == root
    payload = head_payload(head["seq"], base64.b64decode(head["hash"]), root)
    Ed25519PublicKey.from_public_bytes(base64.b64decode(head["key"])).verify(
        base64.b64decode(head["signature"]), payload
    )
    master = (optionix.home / "data" / "server" / "keys" / "master.key").read_text().strip()
    everything = "".join(one.out + one.words for one in told)
    assert PASSWORD not in everything
    assert master not in everything


def store_of(optionix: Any) -> Path:
    found: Path = optionix.home / "data" / "server" / "server.db"
    return found


def test_a_log_that_was_meddled_with_ends_with_7(optionix: Any) -> None:
    assert optionix(*ADD, stdin=PASSWORD).code == 0
    assert optionix("admin", "audit", "head").code == 0
    with sqlite3.connect(store_of(optionix)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM audit_logs")
    connection.close()
    answer = optionix("admin", "audit", "verify")
    assert answer.code == 7
    assert "sequence 1: this entry is missing" in answer.words


def test_an_erased_person_is_gone(optionix: Any) -> None:
    assert optionix(*ADD, stdin=PASSWORD).code == 0
    assert json.loads(optionix("admin", "erase", "ada@example.com", "--yes", "--json").out)["erased"] is True
    (left,) = json.loads(optionix("admin", "user", "list", "--json").out)["users"]
    assert left["email"] == f"{left['id']}@erased.invalid"
    words = json.dumps({name: value for name, value in left.items() if name not in {"id", "email", "desk_id"}})
    assert "ada" not in words.lower()
    assert json.loads(optionix("admin", "erase", left["id"], "--yes", "--json").out)["erased"] is False
    assert optionix("admin", "audit", "verify").code == 0


def test_a_store_that_a_server_has_is_left_alone(optionix: Any) -> None:
    assert optionix("admin", "user", "list").code == 0
    database = SqliteDatabase(store_of(optionix))
    try:
        answer = optionix("admin", "user", "list")
    finally:
        database.close()
    assert answer.code == 4
    assert "server's database" in answer.words


def test_another_master_key_takes_the_place_of_the_former(optionix: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert optionix(*ADD, stdin=PASSWORD).code == 0
    new = optionix.folder / "new.key"
    weak = optionix.folder / "weak.key"
    weak.write_text(base64.b64encode(bytes(32)).decode())
    assert "weak" in optionix("admin", "keys", "rewrap", str(weak), "--yes").words
    new.write_text(base64.b64encode(bytes((7 * at * at + 31 * at) % 256 for at in range(1, 33))).decode() + "\n")
    assert optionix("admin", "keys", "rewrap", str(new)).code == 2
    assert json.loads(optionix("admin", "keys", "rewrap", str(new), "--yes", "--json").out) == {
        "schema_version": 1,
        "keys": 5,
    }
    former = optionix("admin", "user", "list")
    assert (former.code, "master key is another" in former.words) == (7, True)
    monkeypatch.setenv("OPTIONIX_SERVER_MASTER_KEY_FILE", str(new))
    (ada,) = json.loads(optionix("admin", "user", "list", "--json").out)["users"]
    assert ada["full_name"] == "Ada"
    assert optionix("admin", "audit", "verify").code == 0


def test_people_move_between_desks(optionix: Any) -> None:
    for name in ("ada", "grace"):
        command = ["admin", "user", "add", "--email", f"{name}@example.com", "--full-name", name, "--password-stdin"]
        assert optionix(*command, stdin=PASSWORD).code == 0
    assert optionix("admin", "desk", "move", "grace@example.com", "--to", "ada@example.com").code == 0
    (desk,) = json.loads(optionix("admin", "desk", "list", "--json").out)["desks"]
    assert desk["members"] == ["ada@example.com", "grace@example.com"]
    assert optionix("admin", "desk", "add", "grace@example.com").code == 0
    assert len(json.loads(optionix("admin", "desk", "list", "--json").out)["desks"]) == 2
