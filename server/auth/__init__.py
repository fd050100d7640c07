"""Who asks, and what they may: accounts, passwords, tokens, second factor, keys for programs, rights."""
