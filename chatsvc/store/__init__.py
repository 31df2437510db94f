"""What every archive promises, and the archive in memory.  No rules about people or rooms."""
