"""The service as a process: its memory, files and signals."""
