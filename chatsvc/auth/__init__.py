"""Accounts and their secrets: passwords, SCRAM keys, and the throttle of wrong guesses.

No sessions.
"""
