"""Accounts and the secrets that prove them: passwords, SCRAM keys, the throttle of guesses.

No sessions.
"""
