"""The command-line client: people talk with `join`, scripts with `send` and `tail`."""
