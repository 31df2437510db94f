"""The archive in SQLite: lines, records, the word index, migrations.

No rules about people or rooms.
"""
