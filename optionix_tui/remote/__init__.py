"""A team server as this home sees it: its API, who is signed in, and what goes to and fro.

address    which servers may be spoken to, and how
line       requests: time limits, retries, breaker, problems turned into the engine's errors
answers    what the server tells, as values
client     the API, one method a route
tokens     where tokens lie: the system's keyring, or a file for its owner alone
signing    signing in and out, and new tokens in good time, by one process at a time
team       all of it on one home, for the command line and the terminal
"""
