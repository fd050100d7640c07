"""The client: the full-screen terminal and the command line."""
