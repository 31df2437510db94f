"""The command-line client: people talk with `join`, scripts use `send` and `tail`."""
