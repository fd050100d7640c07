"""Hints by WebSocket: the server says that one's stream has grown, and whoever synchronises looks.

Nothing depends on them: where no WebSocket can be had (an older server, a proxy in between), looking from time to time
does the same, later.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import OptionixError, RefusedError
from optionix_core.feeds.network.pace import RetryPolicy, Uniform, jitter
from optionix_tui.remote.line import PREFIX, USER_AGENT

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from optionix_tui.remote.client import Client

OPEN_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 1.0
"""For the server to say goodbye too: whoever stops or signs out waits for it."""
REFUSED_SECONDS: Final = 600.0
"""Before it is tried again where the server said no."""
BUSY: Final = 429
"""This status and those from 500 on pass by themselves: a server that starts anew, or the proxy before it."""
LONGEST_MESSAGE: Final = 4 << 20


class HintListener(Thread):
    """Listens until `stop`."""

    def __init__(
        self,
        client: Callable[[], Client],
        heard: Callable[[int], None],
        crashed: Callable[[Exception], None],
        *,
        policy: RetryPolicy = RetryPolicy(first=2.0, longest=300.0),  # noqa: B008 - frozen
        uniform: Uniform = jitter,
    ) -> None:
        """`client`: whoever is signed in, asked at each connection; `heard` gets the stream's last known sequence.

        `crashed` gets what went wrong unexpectedly.
        """
        super().__init__(name="optionix-hints", daemon=True)
        self._client = client
        self._heard = heard
        self._crashed = crashed
        self._policy = policy
        self._uniform = uniform
        self._stopping = Event()
        self._woken = Event()
        self._lock = Lock()
        self._socket: ClientConnection | None = None

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()
        self.again()

    def again(self) -> None:
        """Connect anew now: somebody else is signed in, or nobody."""
        self._woken.set()
        with self._lock:
            if self._socket is not None:
                self._socket.close()

    def run(self) -> None:
        """One connection after the other."""
        try:
            self._connect_again_and_again()
        except Exception as error:  # noqa: BLE001 - raised again in the interface's own thread
            self._crashed(error)

    def _connect_again_and_again(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            wait = REFUSED_SECONDS
            try:
                if self._listen():
                    failures = 0
                failures += 1
                wait = self._policy.delay(failures, self._uniform)
            except RefusedError:
                pass  # nobody is signed in, or may not listen: the worker tells that
            except OptionixError:
                failures += 1
                wait = self._policy.delay(failures, self._uniform)
            self._woken.wait(wait)
            self._woken.clear()

    def _listen(self) -> bool:
        """Until the connection ends; whether anything was heard on it."""
        from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
        from websockets.sync.client import connect

        client = self._client()
        address = "ws" + client.line.server.removeprefix("http") + PREFIX + "ws"
        context = ssl.create_default_context() if address.startswith("wss") else None
        heard = False
        try:
            with connect(
                address,
                ssl=context,
                additional_headers={"Authorization": f"Bearer {client.bearer()}"},
                user_agent_header=USER_AGENT,
                open_timeout=OPEN_SECONDS,
                close_timeout=CLOSE_SECONDS,
                max_size=LONGEST_MESSAGE,
                proxy=None if context is None else True,
            ) as socket:
                with self._lock:
                    self._socket = socket
                if self._woken.is_set():
                    return heard  # whoever is signed in now is another than who was when it began to connect
                socket.send(json.dumps({"type": "subscribe", "channels": ["log"]}))
                for message in socket:
                    heard = True
                    self._hear(message)
        except InvalidStatus as error:
            if error.response.status_code == BUSY or error.response.status_code >= 500:
                return heard
            raise RefusedError("websocket", str(error)) from error
        except InvalidHandshake as error:
            raise RefusedError("websocket", str(error)) from error
        except (WebSocketException, OSError):
            return heard  # looked at from time to time meanwhile
        finally:
            with self._lock:
                self._socket = None
        return heard

    def _hear(self, message: str | bytes) -> None:
        """A message that says where the stream ends."""
        try:
            told: Any = json.loads(message)
        except ValueError:
            return
        seq = told.get("head" if told.get("type") == "subscribed" else "seq") if isinstance(told, dict) else None
        if isinstance(seq, int):
            self._heard(seq)
