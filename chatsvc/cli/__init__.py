"""The command `chatsvc`: its arguments, and what each subcommand runs.  No protocol."""
