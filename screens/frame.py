"""The frame that every full screen has: a header line above, the keys that work now below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.screen import ModalScreen, Screen

from optionix_core.errors import InvalidValueError
from screens.background import Background
from screens.header import header_pieces
from screens.host import Hint, Host, host_of
from screens.stepping import underlying_after
from widgets.exact_update import ExactCompositor
from widgets.info_line import InfoLine, Piece
from widgets.quote_grid import QuoteGrid

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.widget import Widget

    from optionix_core.errors import OptionixError
    from screens.session import Session

Result = TypeVar("Result")

_KEY_NAMES = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "enter": "⏎", "space": "␣", "pageup": "PgUp",
    "pagedown": "PgDn", "tab": "Tab", "esc": "Esc", "home": "Home", "end": "End",
}  # fmt: skip


_KEY_WORDS = {"up": "Up", "down": "Down", "left": "Left", "right": "Right", "enter": "Enter", "space": "Space"}


def shown_key(key: str, *, in_words: bool = False) -> str:
    """A key as the footer and the help write it: `F2`, `^p`, `g c`, `⏎`; `in_words`: `Enter` and not a sign."""
    strokes = []
    names = _KEY_NAMES | _KEY_WORDS if in_words else _KEY_NAMES
    for stroke in key.split(" "):
        name = names.get(stroke, stroke)
        if name.startswith("ctrl+"):
            name = "^" + name[5:]
        elif len(name) > 1 and name[0] == "f" and name[1:].isdigit():
            name = name.upper()
        strokes.append(name)
    return " ".join(strokes)


def hint_pieces(hints: Sequence[Hint], *, in_words: bool = False) -> tuple[Piece, ...]:
    """Footer pieces, each clickable: the later a hint comes in its scope, the sooner it is dropped."""
    pieces: list[Piece] = []
    seen: dict[str, int] = {}
    for hint in hints:
        rank = seen[hint.scope] = seen.get(hint.scope, -1) + 1
        pieces += [
            Piece(shown_key(hint.key, in_words=in_words), "key", rank, action=hint.action),
            Piece(hint.label, "muted", rank, joined=True, action=hint.action),
        ]
    return tuple(pieces)


class FrameScreen(Screen[None]):
    """A full screen with the frame around it. Subclasses give SCOPE, TITLE_TEXT and `body`."""

    SCOPE: ClassVar[str] = ""
    """Its name in the action registry."""
    TITLE_TEXT: ClassVar[str] = ""
    """What the header calls it."""
    HORIZONTAL_BREAKPOINTS = [(0, "-phone"), (70, "-narrow"), (110, "-normal"), (160, "-wide"), (195, "-broad")]  # noqa: RUF012 - Textual declares it as a plain list
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall"), (45, "-towering")]  # noqa: RUF012 - as above
    CSS_PATH = ["frame.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ExactCompositor()
        self._backgrounds: list[Background[Any]] = []

    @property
    def host(self) -> Host:
        """The application."""
        return host_of(self)

    @property
    def session(self) -> Session:
        """What all screens share."""
        return self.host.session

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes of the action registry that are live now, the nearest first."""
        near = ("grid",) if isinstance(self.focused, QuoteGrid) else ()
        return (*near, self.SCOPE, *(("replay",) if self.session.replay is not None else ()), "app")

    @property
    def settled(self) -> bool:
        """Whether the screen shows what it was asked for, as far as the session has it."""
        return True

    @property
    def trouble(self) -> OptionixError | None:
        """What the screen's own work failed at; what the session knows is not repeated."""
        return None

    def step_underlying(self, step: int) -> None:
        """Choose the underlying `step` places after the chosen one; nothing where the feed has none."""
        name = underlying_after(self.session, step)
        if name is not None:
            self.leave_underlying()
            self.host.select(underlying=name)
            self.session_changed()

    def leave_underlying(self) -> None:
        """Another underlying is about to be chosen: forget what was of this one alone."""

    def exports(self) -> Mapping[str, Callable[[], str]]:
        """What `app.export` can write of the screen beside its picture: text by the ending of a file's name.

        Called in the interface's thread; the functions in another one, on values that they hold already. One that
        has nothing to write raises an OptionixError that says why.
        """
        return {}

    def arrangement(self) -> Mapping[str, Any]:
        """What a workspace keeps of how the screen is set up: JSON values by name."""
        return {}

    def use_arrangement(self, kept: Mapping[str, Any]) -> None:
        """Set the screen up as `arrangement` told. Raises InvalidValueError that names what cannot be used."""
        if kept:
            raise InvalidValueError("arrangement", ", ".join(kept), f"nothing: {self.SCOPE} keeps none")

    def compose(self) -> ComposeResult:
        """Header, body, footer."""
        yield InfoLine(widget_id="header")
        yield from self.body()
        yield InfoLine(widget_id="footer", gap=2)

    def body(self) -> Iterable[Widget]:
        """The widgets between header and footer."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Fill the frame."""
        self.call_after_refresh(self.host.frame_opened, self)  # its panes are there by then
        self.refresh_header(self.session.now)
        self.refresh_footer()

    def on_screen_resume(self) -> None:
        """Catch up with what arrived while another screen was shown."""
        if self.is_mounted:
            self.refresh_header(self.session.now)
            self.refresh_footer()
            self.session_changed()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Another widget has the keys: other keys work."""
        del event
        self.refresh_footer()

    def refresh_header(self, now: datetime) -> None:
        """Write the header anew; ages go on while nothing else changes."""
        self.query_one("#header", InfoLine).show(header_pieces(self.session, self.TITLE_TEXT, now))

    def refresh_footer(self, pending: str = "") -> None:
        """Write the footer anew; `pending` is the beginning of a key sequence."""
        in_words = self.host.in_ascii
        pieces = hint_pieces(self.footer_hints(), in_words=in_words)
        if pending:
            hints = self.host.hints(self.scopes, all_actions=True)
            going_on = [
                hint._replace(keys=(key,)) for hint in hints for key in hint.keys if key.startswith(f"{pending} ")
            ]
            pieces = (Piece(f"{shown_key(pending)} …", "chip"), *hint_pieces(going_on, in_words=in_words))
        self.query_one("#footer", InfoLine).show(pieces)

    def footer_hints(self) -> Sequence[Hint]:
        """What the footer tells, of the keys that work now."""
        return self.host.hints(self.scopes)

    def background(self, group: str) -> Background[Any]:
        """Something that this screen asks for in a thread of its own; `on_background_changed` hears of it."""
        run = partial(self.run_worker, thread=True, group=group, exit_on_error=True)
        made: Background[Any] = Background(self.session.clock, run, self.post_message)
        self._backgrounds.append(made)
        return made

    def on_unmount(self) -> None:
        """End what runs: whoever leaves shall not wait for an answer that nobody will see."""
        for background in self._backgrounds:
            background.cancel()

    def on_background_ended(self, message: Background.Ended) -> None:
        """An answer has come."""
        message.background.take(message)
        self.on_background_changed(message.background.Changed(message.background))

    def on_background_changed(self, message: Background.Changed) -> None:
        """Show an answer, or how far it is."""
        del message
        self.session_changed()

    def session_changed(self) -> None:
        """Show what is new in the session."""


class Dialog(ModalScreen[Result], Generic[Result]):
    """A modal screen with its own scope of keys and a line that tells them."""

    SCOPE: ClassVar[str] = ""
    CSS_PATH = ["frame.tcss"]  # noqa: RUF012 - Textual declares it as a plain list

    def __init__(self) -> None:
        super().__init__()
        self._compositor = self.painting = ExactCompositor()

    def on_screen_resume(self) -> None:
        """What it shows is seen from its next painting on."""
        self.painting.watch()

    @property
    def is_answered_unseen(self) -> bool:
        """Whether what is being done was pressed before the painting that is waited for: it meant something else."""
        return self.painting.painted_at is None or self.host.pressed_at < self.painting.painted_at

    @property
    def host(self) -> Host:
        """The application."""
        return host_of(self)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes of the action registry that are live: the dialog's own alone."""
        return (self.SCOPE,)

    def hint_line(self) -> InfoLine:
        """A line with the keys of this dialog."""
        return InfoLine(hint_pieces(self.host.hints(self.scopes), in_words=self.host.in_ascii), widget_id="hints")
