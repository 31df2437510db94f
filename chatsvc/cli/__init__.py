"""The command `chatsvc`: its arguments, and what runs for each of its subcommands.  No protocol."""
