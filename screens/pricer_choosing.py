"""Choosing what the pricer prices: contract, model and method, the words of a request, or another listed option."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optionix_core.errors import OptionixError, UsageError
from screens.host import Completion
from screens.pricer_case import ContractCase, typed
from screens.pricer_inputs import PricerInputs
from screens.pricer_market import Wish

if TYPE_CHECKING:
    from optionix_core.services.price_options import PriceOptions


class PricerChoosing(PricerInputs):
    """What is priced."""

    def action_request(self) -> None:
        """Type the whole request, in the words of `optionix price`."""
        from optionix_core.services import price_words

        text = price_words.line(self._case.options) if isinstance(self._case, ContractCase) else ""
        self._write_request(text)

    def _write_request(self, text: str) -> None:
        self.write(text, "as optionix price takes it: --type call --spot 100 --strike 105 ...", self._use_request)

    def _use_request(self, text: str) -> None:
        from optionix_core.services import price_words

        self._use_options(price_words.parse(text))

    def _use_options(self, options: PriceOptions) -> None:
        """A request out of words: refused where its terms cannot be, asked for what it lacks."""
        from optionix_core.services import what_if, what_if_inputs

        if not what_if_inputs.lacking(options, strict=False):
            what_if.is_prompt(options)  # raises what cannot be priced
        elif not (options.contract or options.style or options.model or options.type):
            raise UsageError(f"needs {', '.join(what_if_inputs.lacking(options, strict=False))}")
        case = self._case
        fresh = case.written(options) if isinstance(case, ContractCase) else typed(options)
        if fresh.link is None:
            self._wish, self._quantity = None, None
        self._legs, self._trouble = (), None
        self._case, self._view = fresh, None
        self._show()

    def _choose(self, title: str, choices: list[Completion], use: Callable[[str], None]) -> None:
        from screens.choose import ChooseDialog

        def taken(name: str | None) -> None:
            if name is not None:
                try:
                    use(name)
                except OptionixError as error:
                    self.told(error)

        self.app.push_screen(ChooseDialog(title, choices), taken)

    def action_contract(self) -> None:
        """Choose the kind of contract."""
        from optionix_core.pricing.contracts import BY_KIND

        if not self._is_contract():
            return
        choices = [Completion(kind, first_words(made.__doc__)) for kind, made in BY_KIND.items()]
        self._choose("Contract", choices, self._use_contract)

    def _use_contract(self, kind: str) -> None:
        plain = kind in {"european", "american"}
        self._change(style=kind if plain else None, contract=None if plain else kind, method=None)

    def action_model(self) -> None:
        """Choose the model."""
        from optionix_core.pricing.engine.model_terms import MODELS, model_class

        if not self._is_contract():
            return
        choices = [Completion(kind, first_words(model_class(kind).__doc__)) for kind in MODELS]
        self._choose("Model", choices, self._use_model)

    def _use_model(self, kind: str) -> None:
        self._change(model=kind, method=None)
        if isinstance(self._case, ContractCase) and self._case.link is not None and self._case.lacking:
            self._wants_calibrated = True
            self._calibrated.again()
            self.session_changed()

    def action_method(self) -> None:
        """Choose the method."""
        case = self._case
        if not isinstance(case, ContractCase) or case.lacking:
            self.notify("There is no contract whose methods could be told.", severity="warning")
            return
        from optionix_core.services import contract_pricing, what_if

        asked = what_if.request(case.options._replace(method=None))
        found = contract_pricing.engine().methods(asked.contract, asked.model, asked.market)
        choices = [Completion("preferred", "the first of these that fits"), *(Completion(*one) for one in found)]
        self._choose("Method", choices, lambda name: self._change(method=None if name == "preferred" else name))

    def _is_contract(self) -> bool:
        if not isinstance(self._case, ContractCase):
            self.notify("Contract and model are chosen for one contract, not for several legs.", severity="warning")
        return isinstance(self._case, ContractCase)

    def _change(self, **fields: Any) -> None:
        """Another contract, model or method; the terms that it needs are asked for at once."""
        from optionix_core.services import price_words

        case = self._case
        if not isinstance(case, ContractCase):
            return
        self._case, self._view, self._trouble = case.choose(**fields), None, None
        self._show()
        missing = self._case.lacking
        known = {f"--{item.name.replace('_', '-')}" for item in self._case.inputs}
        if [name for name in missing if name not in known]:
            text = price_words.line(self._case.options)
            self._write_request(f"{text} {' '.join(missing)} ")
            self.notify(f"type {', '.join(missing)}", title="Needs", markup=False)

    def _step_listed(self, step: int) -> None:
        """Another strike of the same expiry."""
        view, case = self.session.chain, self._case
        if view is None or not isinstance(case, ContractCase) or case.link is None:
            self.notify("Strikes are stepped through on a listed option.", severity="warning")
            return
        strikes = [row.strike for row in view.rows]
        at = min(range(len(strikes)), key=lambda place: abs(strikes[place] - (case.origin.strike or 0.0))) + step
        if 0 <= at < len(strikes):
            self._wish = Wish(None, strikes[at], case.origin.type or "call")
            self.session_changed()

    def action_next_strike(self) -> None:
        """The next strike."""
        self._step_listed(1)

    def action_previous_strike(self) -> None:
        """The strike before."""
        self._step_listed(-1)

    def action_turn(self) -> None:
        """The put of a call, the call of a put."""
        case = self._case
        if not isinstance(case, ContractCase) or case.origin.type is None:
            return
        other = "put" if case.options.type == "call" else "call"
        if case.link is None:
            self._use_options(case.options._replace(type=other))
        else:
            self._wish = Wish(None, case.origin.strike, other)
            self.session_changed()

    def _step_expiry(self, step: int) -> None:
        view, case = self.session.chain, self._case
        if view is None or not isinstance(case, ContractCase) or case.link is None:
            self.notify("Expiries are stepped through on a listed option.", severity="warning")
            return
        places = [(tab.expiry, tab.root) for tab in view.expiries]
        at = places.index((view.expiry, view.root)) + step
        if 0 <= at < len(places):
            self._wish = Wish(None, case.origin.strike, case.origin.type or "call")
            self.host.select(expiry=places[at][0], root=places[at][1])

    def action_next_expiry(self) -> None:
        """The expiry after this one."""
        self._step_expiry(1)

    def action_previous_expiry(self) -> None:
        """The expiry before this one."""
        self._step_expiry(-1)

    def action_next_underlying(self) -> None:
        """At the money of the underlying after this one."""
        self.step_underlying(1)

    def action_previous_underlying(self) -> None:
        """At the money of the underlying before this one."""
        self.step_underlying(-1)

    def leave_underlying(self) -> None:
        """Nothing of this one is kept."""
        self._legs, self._quantity, self._case, self._view = (), None, None, None
        self._wish = Wish()

    def action_staged(self) -> None:
        """The legs that are staged under the chain."""
        if not self.session.stage:
            self.notify("No leg is staged: the chain stages them.", severity="warning")
            return
        self.session.priced = tuple(self.session.stage.legs)
        self.session_changed()


def first_words(text: str | None) -> str:
    """What a class says of itself first, without what it says to programs."""
    line = " ".join((text or "").strip().partition("\n\n")[0].split())
    return line.partition(". Raises")[0].partition("; see ")[0].removesuffix(".").replace("`", "")
