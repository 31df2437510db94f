"""What the administrator sees of a running service: its settings and how they change."""
