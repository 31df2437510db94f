"""The archive in a PostgreSQL database; it needs the extra `chatsvc[postgres]`."""
