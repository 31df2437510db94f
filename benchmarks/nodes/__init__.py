"""Several nodes of one chat under faults, and what their people saw."""
