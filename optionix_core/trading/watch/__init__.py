"""The venue's own halts as a function of a feed and of time: what the rules bring about, and when.

Nothing here knows an order, an account or the log. The same feed gives the same halts, whoever asks and in whatever
steps; what is kept between two questions is work that was done already.
"""
