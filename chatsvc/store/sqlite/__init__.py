"""The archive in SQLite: lines, records, the index of words, migrations.

No rules about people or rooms.
"""
