"""The line to one server: requests with time limits, retries of what may be sent twice, and a breaker.

Made again after a broken connection, a timeout, 429, 502, 503 and 504: requests that say that they may be. A request
that never reached the server is made again whatever it was. Certificates are always verified, redirects never
followed (they would carry tokens elsewhere), and an answer is read to a bound.
"""

from __future__ import annotations

import gzip
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from optionix_core import __version__
from optionix_core.errors import DeadlineError, InvalidValueError, OptionixError, VenueError
from optionix_core.feeds.network.pace import RetryPolicy, Uniform, jitter
from optionix_tui.remote.address import is_loopback, server_address
from optionix_tui.remote.breaker import Breaker
from optionix_tui.remote.problems import RETRYABLE, error_of

PREFIX: Final = "/api/v2/"
USER_AGENT: Final = f"optionix/{__version__}"
LONGEST_ANSWER: Final = 64 << 20
"""Bytes of an answer, its compression undone."""
GZIP_FROM: Final = 1_024
"""Bytes from which a body that may be is compressed."""
UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
"""In what OpenSSL says of a certificate that nobody trusted here has signed, or that is another host's."""
CONNECT_SECONDS: Final = 5.0
"""For a connection at most."""
LONGEST_WAIT: Final = 5.0
"""Seconds that a server may ask to be waited for before the request fails."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, of a status below 400."""

    status: int
    headers: Mapping[str, str]
    """By names in lower case."""
    document: Any
    """The JSON body; None where there is none."""


class ServerLine:
    """One server's HTTP side. Threads may share it."""

    def __init__(
        self,
        server: str,
        *,
        timeout: float = 10.0,
        policy: RetryPolicy = RetryPolicy(first=0.2, longest=2.0),  # noqa: B008 - frozen
        breaker: Breaker | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Uniform = jitter,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout`: seconds for each step of one try; three times as much for the whole of it.

        Raises InvalidValueError for an address that may not be spoken to.
        """
        self.server = server_address(server)
        self._timeout = timeout
        self._policy = policy
        self._breaker = Breaker(self.server, seconds=seconds) if breaker is None else breaker
        self._sleep = sleep
        self._uniform = uniform
        self._seconds = seconds
        local = is_loopback(urlsplit(self.server).hostname or "")
        self._client = httpx.Client(
            base_url=self.server + PREFIX,
            headers={"user-agent": USER_AGENT, "accept": "application/json, application/problem+json"},
            follow_redirects=False,
            verify=ssl.create_default_context() if self.server.startswith("https") else True,
            trust_env=not local,  # no proxy stands between two processes of one machine
            transport=transport,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        bearer: str | None = None,
        twice: bool | None = None,
        compressed: bool = False,
        patient: bool = True,
        step: float | None = None,
    ) -> Answer:
        """The answer to one request below `/api/v2/`.

        `twice`: whether it may be sent again when nobody knows whether it arrived; None: where the method says so.
        `compressed`: a long body goes as gzip; `patient`: wait and try again where that may help; `step`: seconds for
        each step of one try, where they are fewer than the line's own.
        Raises the error that a problem is, VenueError where there was no proper answer, DeadlineError for a timeout.
        """
        may_repeat = method in {"GET", "DELETE"} if twice is None else twice
        headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
        content = None
        if body is not None:
            content = _written(body)
            headers["content-type"] = "application/json"
            if compressed and len(content) >= GZIP_FROM:
                content = gzip.compress(content, 6, mtime=0)
                headers["content-encoding"] = "gzip"
        failures = 0
        seconds = self._timeout if step is None else min(step, self._timeout)
        while True:
            self._breaker.enter()
            problem, wait, again = self._try(method, path, params, headers, content, seconds, may_repeat=may_repeat)
            if isinstance(problem, Answer):
                return problem
            failures += 1
            if not again or not patient or failures >= self._policy.attempts or wait > LONGEST_WAIT:
                raise problem
            self._sleep(max(wait, self._policy.delay(failures, self._uniform)))

    def _try(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        content: bytes | None,
        seconds: float,
        *,
        may_repeat: bool,
    ) -> tuple[Answer | OptionixError, float, bool]:
        """One try: an answer, or an error with how long to wait and whether to try again."""
        what = f"{method} {path}"
        try:
            status, told, read = self._exchange(method, path, params, headers, content, seconds)
        except RuntimeError:
            if not self._client.is_closed:
                raise
            return VenueError(f"{what} was given up: somebody else is signed in, or nobody"), 0.0, False
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self._breaker.failed()
            trusted = UNTRUSTED not in str(error)
            why = _reason(error) if trusted else "nobody trusted here signed its certificate (SSL_CERT_FILE: others)"
            return VenueError(f"{self.server} cannot be reached: {why}"), 0.0, trusted
        except (httpx.TimeoutException, TimeoutError):
            self._breaker.failed()
            return DeadlineError(f"{self.server} did not answer {what} within {seconds:g} s"), 0.0, may_repeat
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._breaker.failed()
            return VenueError(f"{self.server} broke off at {what}: {_reason(error)}"), 0.0, may_repeat
        if status >= 500:
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        if status >= 400:
            return error_of(status, read, told, what), _asked_to_wait(told), may_repeat and status in RETRYABLE
        if status >= 300:
            return VenueError(f"{self.server} sends {what} elsewhere ({status}): that is not followed"), 0.0, False
        return self._answer(status, told, read, what), 0.0, False

    def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        content: bytes | None,
        seconds: float,
    ) -> tuple[int, Mapping[str, str], bytes]:
        until = self._seconds() + 3 * seconds
        limits = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        with self._client.stream(
            method, path, params=params, headers=dict(headers), content=content, timeout=limits
        ) as response:
            pieces: list[bytes] = []
            size = 0
            for piece in response.iter_bytes():
                size += len(piece)
                if size > LONGEST_ANSWER:
                    raise httpx.DecodingError(f"the answer is longer than {LONGEST_ANSWER:,} bytes")
                if self._seconds() > until:
                    raise TimeoutError  # it drips, so that no step of it ever takes too long
                pieces.append(piece)
            return response.status_code, response.headers, b"".join(pieces)

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes, what: str) -> Answer | VenueError:
        if not content:
            return Answer(status, headers, None)
        try:
            document = json.loads(content)
        except ValueError:
            return VenueError(
                f"{self.server} answered {what} with something that is not JSON: is it an Optionix server?"
            )
        return Answer(status, headers, document)


def _written(body: Any) -> bytes:
    """JSON in UTF-8. InvalidValueError names the field whose text has none: bytes of a terminal in another coding."""
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        fields = body.items() if isinstance(body, dict) else ()
        wrong = next((name for name, text in fields if isinstance(text, str) and not _encodable(text)), "the request")
        raise InvalidValueError(wrong, "bytes of another coding", "text in UTF-8") from None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isdecimal() else 0.0
