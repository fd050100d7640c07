"""Alerts: a condition on the market or the book, kept in the log until it is met, put off, or taken away.

`conditions` says what may be asked, `alert` what an alert is and how it stands, `watching` decides when it fires,
`records` are its events, `fold` its state as a fold of the log. Nothing here asks a feed: whoever does hands in
observations in order of time.
"""
