"""The workstation in a real Chromium: at a desk with keys and pointer, on a phone with a finger, and trading.

Pictures are kept in build/pictures for whoever wants to look.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chromium import Chromium, Page, program
from real_home import RealHome
from terminal import send_ticket
from web_server import WebServer

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
DESK, PHONE = (860, 560), (312, 724)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    if program() is None:
        assert "BROWSER_REQUIRED" not in os.environ, "no Chromium, and it is required here: scripts/chromium.py"
        pytest.skip("no Chromium: as root on Debian scripts/chromium.py installs it, elsewhere install it or Chrome")
    with Chromium(tmp_path_factory.mktemp("browser") / "profile") as made:
        yield made


def calm_home(place: Path) -> RealHome:
    """A home whose quotes move twice a second: what draws them here is no graphics card."""
    home = RealHome(place)
    settings = home.root / "config" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("[terminal]\nrefresh_hz = 2\n", "utf-8")
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> RealHome:
    return calm_home(tmp_path_factory.mktemp("desk") / "home")


@pytest.fixture(scope="module")
def server(home: RealHome) -> Iterator[WebServer]:
    """Read-only, with two addresses."""
    with WebServer(home, "--links", "2", "--font-size", "12") as made:
        yield made


def assert_ours(page: Page, server: WebServer) -> None:
    """Everything came from the server, and nothing went wrong but the door, which says that it is closed."""
    ours = (f"{server.address}/", server.address.replace("http", "ws") + "/ws")
    assert page.requested
    assert all(url.startswith((*ours, "data:")) for url in page.requested), page.requested
    assert [told for told in page.complaints if "403 (Forbidden)" not in told] == []


def colours(page: Page) -> int:
    """How many colours the terminal's canvas shows: one where nothing is drawn."""
    return int(
        page.run(
            "(c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)"
            "(document.querySelector('canvas.xterm-text-layer'))"
        )
    )


def test_at_a_desk_the_page_opens_once_and_shows_every_screen_but_sends_nothing(
    browser: Chromium, server: WebServer, home: RealHome, tmp_path: Path
) -> None:
    assert not server.trading
    with browser.page(server.links[0], DESK, apart=True) as page:
        page.wait_for("F2 Chain", "ORBIT", "NLV 100,000.00", "READ-ONLY")
        assert page.run("location.href") == f"{server.address}/"  # the token is gone from the address
        assert page.run("document.cookie") == ""
        assert page.run("document.fonts.check('16px \"Roboto Mono\"')")
        assert page.size[0] >= 120
        assert colours(page) > 20
        page.picture(PICTURES / "desk-chain.png")
        with browser.page(server.links[0], DESK, apart=True) as again:
            again.wait_for_words("This address has been used")
            assert again.run("document.querySelector('canvas')") is None

        first = page.wait_until(lambda shown: re.search(r"\d C +bid", shown), "the option under the cursor")
        marked = re.search(r"ORBIT .* C +bid", first)
        assert marked is not None
        page.press("ArrowDown")
        page.wait_until(lambda shown: marked[0] not in shown, "another option under the cursor")
        for key, title in (("F5", "F5 Book"), ("F7", "F7 Orders"), ("F4", "F4 Volatility"), ("F2", "F2 Chain")):
            page.press(key)
            page.wait_for(title)
        tabs = re.compile(r"\d\d \w{3} \d\d +\d+d +(\d\d \w{3} \d\d) +\d+d")
        expiry = tabs.search(page.wait_until(tabs.search, "two expiries beside each other"))
        assert expiry is not None
        page.click(expiry[1])
        page.wait_until(lambda shown: f"ORBIT  {expiry[1]}" in shown, f"the chain of {expiry[1]}, which was clicked")
        page.press("b")
        page.wait_for("Order ticket", "you pay")
        page.press("Enter")
        page.wait_for("Read-only", "nothing is written and nothing is sent")
        page.picture(PICTURES / "desk-refused.png")
        page.press("Escape")
        page.wait_until(lambda shown: "Order ticket" not in shown, "the chain")
        page.press("?")
        page.wait_for("Keys that work in F2 Chain")
        page.click("close")
        page.wait_until(lambda shown: "Keys that work" not in shown, "the chain")
        page.download_into(tmp_path)
        page.press("e")
        page.wait_for("Export F2 Chain", ".csv")
        page.press("Enter")
        page.wait_until(lambda _: bool(list(tmp_path.glob("chain-*.csv"))), "the file among the downloads")
        (export,) = tmp_path.glob("chain-*.csv")
        assert "strike" in export.read_text("utf-8").splitlines()[0]
        assert_ours(page, server)
    assert not list(home.root.rglob("*.csv"))
    assert not home.database.exists()


def strikes_in(shown: str) -> list[str]:
    """Of the chain's rows at a phone's width, from above."""
    return re.findall(r"^.{16,20} (\d+(?:\.5)?)  ", shown, re.MULTILINE)


def kind_in(ticket: str) -> str:
    """The type of order that a ticket has."""
    found = re.search(r"type +‹ ([\w-]+) ›", ticket)
    assert found is not None, ticket
    return found[1]


def test_on_a_phone_a_finger_does_everything(browser: Chromium, server: WebServer) -> None:
    with browser.page(server.links[1], PHONE, phone=True, apart=True) as page:
        page.wait_for("ORBIT", "READ-ONLY", "? help")
        assert page.size == (44, 40)
        assert colours(page) > 20
        assert page.run("document.querySelector('.xterm-helper-textarea').inputMode") == "none"  # no keyboard pops up
        page.picture(PICTURES / "phone-chain.png")

        strikes = strikes_in(page.wait_until(lambda shown: len(strikes_in(shown)) > 10, "a screen of strikes"))
        page.tap(f" {strikes[-2]} ")
        page.wait_until(lambda shown: f" {strikes[-2]} " in shown.splitlines()[-2], "the option that was tapped")
        page.drag((150, 260), -110)
        page.wait_until(lambda shown: float(strikes_in(shown)[0]) > float(strikes[0]), "a chain that was scrolled")
        page.tap("b buy")
        page.wait_for("Order ticket", "you pay")
        page.picture(PICTURES / "phone-ticket.png")
        page.tap_button("⏎")
        page.wait_for("Read-only")
        page.tap_button("esc")
        page.wait_until(lambda shown: "Order ticket" not in shown, "the chain")

        page.tap_button("F5 book")
        page.wait_for("Positions")
        page.picture(PICTURES / "phone-book.png")
        page.tap_button(":")
        page.wait_for("Command")
        page.tap_button("⌨")
        assert page.run("document.querySelector('.xterm-helper-textarea').inputMode") == "text"
        page.press(*"orders", "Enter")
        page.wait_until(lambda shown: "Orders" in shown and "complete" not in shown, "the orders, no command line")
        page.picture(PICTURES / "phone-orders.png")
        assert_ours(page, server)


def test_where_trading_is_allowed_an_order_of_one_page_is_in_the_log_and_on_the_other(
    browser: Chromium, tmp_path: Path
) -> None:
    home = calm_home(tmp_path / "home")
    with WebServer(home, "--allow-trading", "--font-size", "12") as server:
        assert server.trading
        with ExitStack() as pages:
            page = pages.enter_context(browser.page(server.links[0], DESK))
            page.wait_for("F2 Chain", "NLV 100,000.00")
            second = pages.enter_context(browser.page(server.address, DESK))  # its cookie is the browser's
            second.wait_for("F2 Chain", "NLV 100,000.00")
            assert "READ-ONLY" not in page.text
            second.press("F5")
            second.wait_for("F5 Book", "no positions")
            page.press("b")
            ticket = page.wait_for("Order ticket", "fills")
            label = re.search(r"BUY +(ORBIT \d\d[A-Z]{3}\d\d [\d.]+ [CP])", ticket)
            assert label is not None, ticket
            while "‹ market ›" not in page.text:  # at the touch, which may move while we look
                before = kind_in(page.text)
                page.press("o")
                page.wait_until(lambda shown, before=before: kind_in(shown) != before, "another type of order")
            page.wait_until(lambda shown: re.search(r"fills +1 at ", shown), "a fill at the touch")
            send_ticket(lambda: page.press("Enter"), page.wait_until, f"Filled: BUY 1 {label[1]}")
            second.wait_for(label[1])
            second.picture(PICTURES / "desk-book.png")
            page.press("q")
            page.wait_for_words("The workstation was left.")
            page.run("document.getElementById('again').click()")
            page.wait_for("F2 Chain", "NLV")
            assert_ours(page, server)
    assert list(home.check().bought().values()) == [1]
