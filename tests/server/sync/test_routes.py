"""Sync over HTTP: exactly once, in order, quarantined rather than refused, and alarms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.sync.canonical import encode, parse_time, time_text
from optionix_core.sync.event import Event
from optionix_core.sync.merkle import Frontier, verify_consistency, verify_inclusion
from optionix_core.sync.wire import SignedHead, check_signature, leaf
from server.context import Server
from tests.server.conftest import ClientOf, MakeServer

if TYPE_CHECKING:
    import httpx

PASSWORD = "a long and unusual phrase 71"  # noqa: S105 - of a test's user


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    return make_server()


@pytest.fixture
async def client(server: Server, client_of: ClientOf) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(server) as opened:
        await signed_in(opened, "trader@example.org")
        yield opened


async def signed_in(client: httpx.AsyncClient, email: str) -> None:
    body = {"email": email, "password": PASSWORD, "full_name": "A Trader"}
    assert (await client.post("/auth/register", json=body)).status_code == 201
    answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def note(number: int, text: str = "quiet", **more: Any) -> dict[str, Any]:
    return {
        "device_seq": number,
        "event_id": f"journal/{number}",
        "type": "journal.noted",
        "time": "2026-01-16T14:30:00.000000Z",
        "payload": {"text": text},
        **more,
    }


def sent(*events: dict[str, Any], device: str = "desk-1", **more: Any) -> dict[str, Any]:
    return {"device_id": device, "events": list(events), **more}


@pytest.mark.anyio
class TestPush:
    async def test_events_are_taken_in_once(self, client: httpx.AsyncClient) -> None:
        first = await client.post("/sync/push", json=sent(note(1), note(2)))
        assert first.status_code == 200, first.text
        assert [one["status"] for one in first.json()["results"]] == ["accepted", "accepted"]
        again = await client.post("/sync/push", json=sent(note(1), note(2), note(3)))
        assert [one["status"] for one in again.json()["results"]] == ["duplicate", "duplicate", "accepted"]
        assert [one["server_seq"] for one in again.json()["results"]] == [1, 2, 3]
        assert again.json()["device_cursor"] == 3

    async def test_without_a_time_an_event_is_still_one_fact(self, client: httpx.AsyncClient, server: Server) -> None:
        bare = {key: value for key, value in note(1).items() if key != "time"}
        assert (await client.post("/sync/push", json=sent(bare))).json()["results"][0]["status"] == "accepted"
        server.clock.advance(timedelta(seconds=30))  # type: ignore[attr-defined]
        assert (await client.post("/sync/push", json=sent(bare))).json()["results"][0]["status"] == "duplicate"

    async def test_other_bytes_under_the_same_id_stop_the_device(self, client: httpx.AsyncClient) -> None:
        await client.post("/sync/push", json=sent(note(1)))
        answer = await client.post(
            "/sync/push", json=sent(note(2), note(3, event_id="journal/1", payload={"text": "other"}))
        )
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("conflicting-event")
        pulled = (await client.get("/sync/pull")).json()
        assert [one["event_id"] for one in pulled["events"]] == ["journal/1"]
        stopped = await client.post("/sync/push", json=sent(note(2)))
        assert (stopped.status_code, stopped.json()["type"].rpartition(":")[2]) == (409, "device-stopped")
        assert (await client.post("/devices/desk-1/release")).status_code == 204
        assert (await client.post("/sync/push", json=sent(note(2)))).status_code == 200
        other = await client.post("/sync/push", json=sent(note(1, event_id="journal/7"), device="desk-2"))
        assert other.status_code == 200

    async def test_a_gap_a_wrong_clock_and_a_page_too_old_are_told(
        self, client: httpx.AsyncClient, server: Server
    ) -> None:
        def kind(answer: httpx.Response) -> tuple[int, str]:
            return answer.status_code, answer.json()["type"].rpartition(":")[2]

        assert kind(await client.post("/sync/push", json=sent(note(2)))) == (409, "sequence-gap")
        assert kind(await client.post("/sync/push", json=sent(note(1), note(3)))) == (409, "sequence-gap")
        off = time_text(server.clock.now() + timedelta(minutes=5, seconds=1))
        assert kind(await client.post("/sync/push", json=sent(note(1), device_time=off))) == (409, "clock-drift")
        near = time_text(server.clock.now() - timedelta(minutes=5))
        assert (await client.post("/sync/push", json=sent(note(1), device_time=near))).status_code == 200
        clash = sent(note(1, text="other"), device="desk-2", pulled=0)
        assert kind(await client.post("/sync/push", json=clash)) == (409, "pull-first")

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"payload": {"price": 1.5}}, "payload.price"),
            ({"type": "Journal"}, "type"),
            ({"event_id": ""}, "event_id"),
            ({"device_seq": 0}, "device_seq"),
            ({"device_seq": "1"}, "device_seq"),
            ({"time": "yesterday"}, "time"),
            ({"more": 1}, "more"),
        ],
    )
    async def test_what_is_no_event_is_named(
        self, client: httpx.AsyncClient, changed: dict[str, Any], field: str
    ) -> None:
        answer = await client.post("/sync/push", json=sent(note(1, **changed)))
        assert answer.status_code == 422, answer.text
        assert any(field in one["field"] for one in answer.json()["errors"]), answer.text

    async def test_at_most_a_thousand_at_once(self, client: httpx.AsyncClient) -> None:
        assert (await client.post("/sync/push", json=sent(*map(note, range(1, 1002))))).status_code == 422
        assert (await client.post("/sync/push", json=sent(*map(note, range(1, 1001))))).status_code == 200

    async def test_somebody_elses_device_is_not_there(
        self, client: httpx.AsyncClient, server: Server, client_of: ClientOf
    ) -> None:
        await client.post("/sync/push", json=sent(note(1)))
        async with client_of(server) as other:
            await signed_in(other, "other@example.org")
            assert (await other.post("/sync/push", json=sent(note(1)))).status_code == 404
            assert (await other.get("/sync/pull")).json()["events"] == []


@pytest.mark.anyio
class TestPull:
    async def test_pages_lead_to_a_head_that_speaks_for_all_of_it(self, client: httpx.AsyncClient) -> None:
        await client.post("/sync/push", json=sent(*map(note, range(1, 301))))
        cursor, frontier, head = 0, Frontier(), {}
        while not head or cursor < head["seq"]:
            page = (await client.get("/sync/pull", params={"cursor": cursor, "limit": 128})).json()
            for one in page["events"]:
                event = Event(one["event_id"], one["type"], parse_time(one["time"]), one["payload"])
                frontier.append(leaf(one["seq"], encode(event), one["status"], one["reason"]))
            cursor, head = page["next_cursor"], page["head"]
        assert (cursor, frontier.root().hex()) == (300, head["root"])
        raw = {name: bytes.fromhex(head[name]) for name in ("hash", "root", "signature", "key")}
        check_signature(SignedHead(head["stream_id"], head["seq"], **raw), raw["key"])


@pytest.mark.anyio
class TestConflicts:
    async def test_a_fact_that_breaks_a_rule_is_kept_and_decided(self, client: httpx.AsyncClient) -> None:
        wrong = note(1, event_id="order/1/accepted", type="order.accepted", payload={"client_order_id": "1"})
        answer = (await client.post("/sync/push", json=sent(wrong, note(2)))).json()
        assert [one["status"] for one in answer["results"]] == ["quarantined", "accepted"]
        (found,) = (await client.get("/sync/conflicts")).json()["conflicts"]
        assert (found["event_id"], found["kind"], found["seq"]) == ("order/1/accepted", "book", 1)
        accept = {"event_id": "order/1/accepted", "resolution": "accept"}
        assert (await client.post("/sync/resolve", json=accept)).status_code == 409
        discard = {"event_id": "order/1/accepted", "resolution": "discard"}
        decided = await client.post("/sync/resolve", json=discard)
        assert decided.json()["resolution"] == "discard"
        assert (await client.post("/sync/resolve", json=discard)).json() == decided.json()
        assert (await client.post("/sync/resolve", json=accept)).json()["type"].endswith("already-resolved")
        assert (await client.get("/sync/conflicts")).json()["conflicts"] == []
        assert (await client.post("/sync/resolve", json={**discard, "event_id": "none"})).status_code == 404


@pytest.mark.anyio
class TestProofs:
    async def test_every_event_is_proved_against_the_head_that_is_pulled(self, client: httpx.AsyncClient) -> None:
        notes = [note(number, "quiet" if number != 3 else "loud") for number in range(1, 8)]
        assert (await client.post("/sync/push", json=sent(*notes))).status_code == 200
        pulled = (await client.get("/sync/pull")).json()
        size = pulled["head"]["seq"]
        assert size >= 7
        root = bytes.fromhex(pulled["head"]["root"])
        for event in pulled["events"]:
            told = (await client.get("/sync/proofs/inclusion", params={"seq": event["seq"]})).json()
            assert (told["event_id"], told["status"], told["head"]) == (
                event["event_id"], event["status"], pulled["head"],
            )  # fmt: skip
            fact = Event(event["event_id"], event["type"], parse_time(event["time"]), event["payload"])
            own = leaf(event["seq"], encode(fact), event["status"], event["reason"])
            assert told["leaf"] == own.hex()
            path = [bytes.fromhex(one) for one in told["proof"]]
            assert verify_inclusion(own, event["seq"] - 1, size, path, root)
            assert not verify_inclusion(own, event["seq"] % size, size, path, root)

    async def test_every_root_that_was_shown_is_a_beginning_of_the_stream(self, client: httpx.AsyncClient) -> None:
        shown = []
        for number in range(1, 7):
            assert (await client.post("/sync/push", json=sent(note(number)))).status_code == 200
            head = (await client.get("/sync/pull")).json()["head"]
            shown.append((head["seq"], bytes.fromhex(head["root"])))
        size, newest = shown[-1]
        for older, root in shown:
            told = (await client.get("/sync/proofs/consistency", params={"older": older})).json()
            assert told["older_root"] == root.hex()
            path = [bytes.fromhex(one) for one in told["proof"]]
            assert verify_consistency(older, size, root, newest, path)
            assert not verify_consistency(older, size, bytes(32), newest, path)
        signed = told["head"]
        check_signature(
            SignedHead(
                signed["stream_id"],
                signed["seq"],
                *(bytes.fromhex(signed[name]) for name in ("hash", "root", "signature", "key")),
            ),
            bytes.fromhex(signed["key"]),
        )

    async def test_a_place_that_the_stream_has_not_is_named(self, client: httpx.AsyncClient) -> None:
        for path, field in (("inclusion", "seq"), ("consistency", "older")):
            for place, bound in ((9, "absent: the stream has no events"), (0, "greater than or equal to 1")):
                answer = await client.get(f"/sync/proofs/{path}", params={field: place})
                assert answer.status_code == 422, answer.text
                (error,) = answer.json()["errors"]
                assert (error["field"], bound in error["bound"]) == (field, True), error
        await client.post("/sync/push", json=sent(note(1)))
        (error,) = (await client.get("/sync/proofs/inclusion", params={"seq": 9})).json()["errors"]
        assert error["bound"] == "1 to 1, where the stream ends"

    async def test_a_root_that_the_events_do_not_make_is_never_proved(
        self, client: httpx.AsyncClient, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await client.post("/sync/push", json=sent(note(1), note(2)))
        signed = server.sync.heads.signed
        monkeypatch.setattr(server.sync.heads, "signed", lambda store: replace(signed(store), root=bytes(32)))
        for path in ("inclusion?seq=1", "consistency?older=1"):
            answer = await client.get(f"/sync/proofs/{path}")
            assert (answer.status_code, answer.json()["type"]) == (500, "urn:optionix:problem:integrity")
