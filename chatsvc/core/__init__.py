"""Users, their sessions, rooms, and who is online: data with lookups.  No permissions, no bytes."""
