"""The command line beside a whole server: signed in as somebody, with what differs between runs masked."""

from __future__ import annotations

import re

from tests.cli.conftest import Answer, CommandLine
from tests.remote.conftest import PASSWORD, Live

EMAIL = "ann@example.com"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
MASKS = (
    (UUID, "UUID"),
    (re.compile(r'"[0-9a-f]{32}"'), '"DEVICE"'),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "SERVER"),
    (re.compile(r'"ok_[A-Za-z0-9_-]+"'), '"KEY"'),
    (re.compile(r"[A-Z2-7]{32}"), "SECRET"),
    (re.compile(r"optionix/[0-9.]+"), "PROGRAM"),
    (re.compile(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}"), "CODE"),
    (re.compile(r'"prefix": "[^"]*"'), '"prefix": "PREFIX"'),
    (re.compile(r'"name": "[^"]*", "state"'), '"name": "MACHINE", "state"'),
    (re.compile(r"cannot be reached: [^\"]*"), "cannot be reached: WHY"),
)


def masked(text: str, command: CommandLine) -> str:
    """Without ids, secrets, ports and folders."""
    text = text.replace(str(command.folder), "FOLDER")
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def login(command: CommandLine, live: Live, *more: str, email: str = EMAIL, stdin: str = PASSWORD) -> Answer:
    """`optionix login` with everything piped."""
    return command("login", "--server", live.url, "--email", email, "--password-stdin", *more, stdin=stdin)
