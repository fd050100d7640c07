"""The published shape of each answer: names, order and kinds of values, as `wire.json` has them.

A change here is a change of the API: clients break. Where it is meant, the message shows the new shape.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.server.api.desk import Desk

WIRE = Path(__file__).with_name("wire.json")
TERMS = {"spot_price": 100.0, "strike_price": 100.0, "time_to_expiry": 1.0, "risk_free_rate": 0.05}
OPTION = {**TERMS, "volatility": 0.2}
SIMULATION = {**OPTION, "option_type": "asian", "call_put": "call", "n_simulations": 1000}
POSITIONS = [{"symbol": "ORBIT", "quantity": "100"}]
ASKED: tuple[tuple[str, str, Any], ...] = (
    ("POST", "options/price", {**OPTION, "option_type": "call"}),
    ("POST", "options/implied-volatility", {**TERMS, "option_type": "call", "market_price": 10.45}),
    ("POST", "options/monte-carlo", SIMULATION),
    ("GET", "market/options-chain/ORBIT", None),
    ("GET", "market/volatility-surface?symbol=ORBIT", None),
    ("GET", "portfolio/summary", None),
    ("GET", "portfolio/positions", None),
    ("GET", "portfolio/margin", None),
    ("GET", "trade/orders", None),
    ("GET", "trade/history", None),
    ("DELETE", "trade/orders/rest", None),
    ("POST", "risk/var", {"positions": POSITIONS}),
    ("POST", "risk/stress-test", {"positions": POSITIONS, "scenarios": ["crash-1987"]}),
    ("GET", "risk/greeks", None),
    ("GET", "risk/limits", None),
    ("GET", "risk/circuit-breakers", None),
    ("POST", "options/price", {}),
    ("GET", "market/options-chain/NOSUCH", None),
)


def shape(value: object) -> object:
    """Keys in their order and kinds of values; of a list its first item."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if value is None or isinstance(value, bool):
        return {None: "null"}.get(value, "boolean")
    return "text" if isinstance(value, str) else "number"


def test_every_answer_has_its_published_shape(desk: Desk) -> None:
    rest = {"order_type": "limit", "limit_price": "0.05", "time_in_force": "GTC"}
    found: dict[str, Any] = {}
    placed = desk.ask("POST", "trade/execute", desk.order("one"))
    found["POST trade/execute"] = {"status": placed[0], "shape": shape(placed[1])}
    assert desk.ask("POST", "trade/execute", desk.order("rest", **rest))[0] == 201
    for method, path, body in ASKED:
        status, document = desk.ask(method, path, body)
        found[f"{method} {path} {status}" if status >= 400 else f"{method} {path}"] = {
            "status": status,
            "shape": shape(document),
        }
    known = json.loads(WIRE.read_text("utf-8"))
    text = json.dumps(found, indent=1)
    assert text == json.dumps(known, indent=1), f"the wire has changed; it is now\n{text}"
