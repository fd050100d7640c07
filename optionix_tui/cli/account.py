"""`optionix account`: what the account is worth, and what it may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.account_sharing import share, shares, unshare
from optionix_tui.cli.arguments import Command, Group
from optionix_tui.cli.book import gain, money, up_to_now
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples
from optionix_tui.cli.who import By, who

if TYPE_CHECKING:
    from optionix_core.services.account_standing import StandingReport

app = typer.Typer(
    name="account",
    cls=Group,
    invoke_without_command=True,
    epilog=examples(
        "optionix account",
        "optionix --account paper-2 account --json | jq .nlv",
        "optionix account state close-only --reason 'under review' --yes",
        "optionix account share server-1 --with bob@team.example --rights read",
    ),
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback()
def account(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Cash, positions and net liquidation value of the account."""
    if context.invoked_subcommand is not None:
        return
    from optionix_core.services import book

    with face_of(context).workspace() as workspace:
        up_to_now(workspace)
        report = book.account(workspace)
    document = book.to_json(report)
    record = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
    record.pop("schema_version")
    emit(chosen(format_, as_json), document, [record], _account_table(document))


def _account_table(account: dict[str, Any]) -> Table:
    rows = [
        ("net liquidation value", money(account["nlv"]), ""),
        ("cash", money(account["cash"]), ""),
        *(
            (f"cash in {name}", f"{amount:,}", "not in the value: no exchange rate")
            for name, amount in account["cash_by_currency"].items()
            if name != account["currency"]
        ),
        ("positions", money(account["positions_value"]), _left_out(account)),
        ("buying power", money(account["buying_power"]), ""),
        ("day P&L", gain(account["day_pnl"]), account["day_pnl_reason"] or ""),
        ("unrealised P&L", gain(account["unrealised_pnl"]), ""),
        ("realised P&L", gain(account["realised_pnl"]), ""),
        ("fees", money(account["fees"]), ""),
        ("opened with", money(account["opening_balance"]), ""),
    ]
    title = f"{account['account']} at {account['venue']} ({account['feed']}), {account['state']}, {account['moment']}"
    if account["may"] != "active":
        title += f"\n{account['may']}{'' if account['may_reason'] is None else ': ' + account['may_reason']}"
    return Table(("", account["currency"], ""), rows, title=title, left=frozenset({0, 2}))


def _left_out(account: dict[str, Any]) -> str:
    unmarked = account["unmarked"]
    if not unmarked:
        return ""
    return f"without {len(unmarked)} that cannot be marked: {unmarked[0]['symbol'].strip()}: {unmarked[0]['reason']}"


@app.command(
    cls=Command,
    epilog=examples(
        "optionix account state",
        "optionix account state close-only --reason 'under review' --yes",
        "optionix --account paper-2 account state active --until 2027-01-08T20:00Z --reason checked --yes --json",
    ),
)
def state(
    context: typer.Context,
    new_state: Annotated[
        str | None,
        typer.Argument(help="active, close-only or blocked; without it the state is shown.", metavar="STATE"),
    ] = None,
    *,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the log.", metavar="TEXT")] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", help="End of the lease: past it only what closes passes.", metavar="MOMENT"),
    ] = None,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """What the account may do: active, close-only (nothing may be opened) or blocked; who set it, and why.

    Close-only ends the working orders that could open something, blocked ends all of them. Orders that the state does
    not allow are refused by the rule account-state (exit 5).
    """
    from optionix_core.services import account_standing
    from optionix_core.trading.account_standing import AccountStatus
    from optionix_tui.cli.order_terms import moment

    if new_state is None:
        if reason is not None or until is not None or yes:
            raise UsageError("STATE is missing: active, close-only or blocked")
        with face_of(context).workspace() as workspace:
            told = account_standing.state(workspace)
        _emit_state(chosen(format_, as_json), told)
        return
    if new_state not in tuple(AccountStatus):
        raise UsageError(f"STATE must be one of {', '.join(AccountStatus)} (got {new_state!r})")
    if reason is None:
        raise UsageError("--reason is missing: it is kept in the log")
    if not yes:
        raise UsageError("--yes is missing: `account state` changes what the account may do")
    ends = None if until is None else moment(until)
    with face_of(context).workspace() as workspace:
        told = account_standing.set_state(
            workspace, AccountStatus(new_state), by=who(by), reason=reason, lease_until=ends
        )
    _emit_state(chosen(format_, as_json), told)


app.command(
    cls=Command,
    epilog=examples(
        "optionix account share server-1 --with bob@team.example --rights read",
        "optionix account share server-1 --with bob@team.example --rights trade --json",
    ),
)(share)
app.command(
    cls=Command,
    epilog=examples(
        "optionix account unshare server-1 --with bob@team.example",
        "optionix account unshare server-1 --with 0b9f6c1e-7d1e-4d0e-9a55-0c5b6c1f2a3b --json",
    ),
)(unshare)
app.command(
    cls=Command,
    epilog=examples("optionix account shares", "optionix account shares server-1 --json | jq '.members[].email'"),
)(shares)


def _emit_state(format_: Format, told: StandingReport) -> None:
    from optionix_core.sync.canonical import time_text

    standing = told.standing
    record = {
        "account": told.account,
        "venue": told.venue,
        "moment": time_text(told.moment),
        "state": str(told.status),
        "reason": told.reason,
        "set_to": None if standing is None else str(standing.status),
        "by": None if standing is None else standing.by,
        "since": None if standing is None else time_text(standing.since),
        "lease_until": None if standing is None or standing.lease_until is None else time_text(standing.lease_until),
    }
    lines = [f"{told.account} at {told.venue} is {told.status}{'' if told.reason is None else f': {told.reason}'}"]
    if standing is not None:
        lines.append(f"set to {standing.status} by {standing.by} at {standing.since:%Y-%m-%d %H:%M:%S} UTC")
        if standing.lease_until is not None:
            lines.append(f"leased until {standing.lease_until:%Y-%m-%d %H:%M:%S} UTC")
    if told.ended:
        lines.append(f"ended: {', '.join(told.ended)}")
    document = {"schema_version": 1, **record, "ended": list(told.ended)}
    emit(format_, document, [record], Table(title="\n".join(lines)))
