"""The contract of every archive, and the archive in memory.  No rules about people or rooms."""
