"""Permissions, bans, room rules, lockdown: questions and answers, no actions."""
