"""What feeds over a network share: strict reading of answers, polite requests, a thread for the connection."""
