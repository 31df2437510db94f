"""Who may do what: permissions, bans, room rules, lockdown.  Questions and answers, no actions."""
