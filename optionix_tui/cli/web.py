"""`optionix web`: the workstation in a browser of this machine, or of others through a proxy that ends TLS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from optionix_core.errors import ConfigurationError, InvalidValueError, UsageError
from optionix_tui.cli.arguments import command
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import JsonOption, say, write_json

if TYPE_CHECKING:
    from optionix_tui.cli.face import Face
    from optionix_tui.web.address import Address

PORT = 8765
LARGEST_PORT = 65535
MOST_LINKS = 16
FLAGS = {
    "feed.name": "--feed",
    "account.name": "--account",
    "feed.seed": "--seed",
    "terminal.theme": "--theme",
    "terminal.keymap": "--keymap",
}
"""Settings that flags of `optionix` itself have changed, handed on to each page."""


def web(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", help="Port to listen on; 0: any free one.", metavar="N")] = PORT,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; others than loopback need --public-url.", metavar="IP")
    ] = "127.0.0.1",
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", help="Where browsers find it: https behind a proxy that ends TLS.", metavar="URL"),
    ] = None,
    allow_trading: Annotated[
        bool, typer.Option("--allow-trading", help="Let pages write: orders, limits, the kill switch. Else read-only.")
    ] = False,
    links: Annotated[
        int, typer.Option("--links", help="One-time addresses to print, one for each browser.", metavar="N")
    ] = 1,
    theme: Annotated[
        str | None, typer.Option("--theme", help="Theme of the pages, or a .toml file.", metavar="NAME")
    ] = None,
    font_size: Annotated[
        int, typer.Option("--font-size", help="Size of letters; a phone's are made to fit.", metavar="PIXELS")
    ] = 16,
    workspace: Annotated[
        str | None, typer.Option("--workspace", help="Saved workspace to begin each page with.", metavar="NAME")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the workstation to browsers; ends by ctrl+c, and its pages with it.

    It prints an address that lets one browser in, once; that browser may open any number of pages, each with a
    workstation of its own on this home. Pages are read-only without --allow-trading. It listens on this machine alone;
    for other machines put a proxy with TLS before it and name the proxy's address by --public-url.
    """
    face = face_of(context)
    if theme is not None:
        face.flags = {**face.flags, "terminal.theme": theme}
    try:
        from optionix_tui.web import address, pages, running
    except ModuleNotFoundError as error:
        if error.name not in {"aiohttp", "textual_serve"}:
            raise
        missing = f"pages need {error.name}, which is not installed: install optionix[web]"
        raise ConfigurationError(missing) from None
    _within("--port", port, 0, LARGEST_PORT)
    _within("--links", links, 1, MOST_LINKS)
    _within("--font-size", font_size, pages.SMALLEST_FONT, pages.LARGEST_FONT)
    checked = address.checked_host(host, public_url)
    if public_url is not None:
        address.checked_public(public_url)
    if allow_trading and face.settings.trading.read_only:
        origin = face.settings.origins["trading.read_only"]
        raise UsageError(f"--allow-trading, and trading.read_only is true ({origin}): give one of them up")
    page = _page(face, font_size, allow_trading=allow_trading)
    opened = _command(face, workspace, allow_trading=allow_trading)

    def tell(told: Address, urls: tuple[str, ...]) -> None:
        if as_json:
            write_json({"schema_version": 1, "address": told.public, "links": list(urls), "trading": allow_trading})
        else:
            sys.stdout.write("".join(f"{url}\n" for url in urls))
        sys.stdout.flush()
        rights = "pages may trade" if allow_trading else "read-only; --allow-trading lets pages trade"
        say(f"serving on {told.public}: {rights}")
        say("each address above opens one browser, once; ctrl+c ends all pages")

    with running.bind(checked, port) as listening:
        running.serve(listening, public_url, page, opened, tell, links)


def _within(option: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise InvalidValueError(option, value, f"between {lowest} and {highest}")


def _page(face: Face, font_size: int, *, allow_trading: bool) -> str:
    """The page; what would keep every page from opening is told now. Raises SettingsError, UnknownNameError."""
    from config import keymaps, themes
    from optionix_core.services import feeds
    from optionix_tui.web import pages

    terminal = face.settings.terminal
    feeds.check_form(face.settings.feed.name)
    keys = keymaps.load(terminal.keymap, face.paths.keymap_file, face.paths.keymaps_folder)
    spec = themes.load(terminal.theme, face.paths.themes_folder)
    return pages.page(spec, font_size, keys, read_only=not allow_trading)


def _command(face: Face, workspace: str | None, *, allow_trading: bool) -> list[str]:
    """What each page runs: `optionix` with the flags given here. UsageError for one that pages cannot have."""
    given: list[str] = []
    for key, value in face.flags.items():
        if key in FLAGS:
            given += [FLAGS[key], str(value)]
        elif key != "trading.read_only":
            raise UsageError(f"the flag of {key} is for a terminal: pages cannot be given it")
    if workspace is not None:
        given += ["--workspace", workspace]
    return given if allow_trading else [*given, "--read-only"]


web_command = command(
    "web",
    web,
    "optionix web",
    "optionix web --port 0 --theme light --font-size 18",
    "optionix web --allow-trading --links 2",
    "optionix web --host 0.0.0.0 --public-url https://desk.example.com",
)
