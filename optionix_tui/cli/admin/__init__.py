"""`optionix admin`: what is done on the server's own host, on its store, without HTTP.

Whoever may read the store and its keys may do it; nothing here prints a secret.
"""

from __future__ import annotations

from optionix_tui.cli.admin import audit, desks, erasing, keys, users
from optionix_tui.cli.arguments import group

app = group(
    "admin",
    "The team server's store on this host: user, desk, keys, audit, erase.",
    "optionix admin user list",
    "optionix admin audit verify",
)
app.add_typer(users.app)
app.add_typer(desks.app)
app.add_typer(keys.app)
app.add_typer(audit.app)
erasing.add_to(app)
