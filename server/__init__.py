"""The companion server: routers, middleware, identity and store over `optionix_core.services`.

settings   what an operator sets, secrets from files too
context    `Server`, the parts of one running server, made once and handed to every request
app        the ASGI application: middleware in order, then the routers
store/     one database by URL: SQLite for one process, PostgreSQL for teams
auth/      who asks: accounts, passwords, tokens, second factor, keys, rights
sync/      streams of events that devices push to and pull from
audit/     the chained log of who did what
crypto/    envelopes for personal and secret columns
realtime/  the WebSocket
"""
