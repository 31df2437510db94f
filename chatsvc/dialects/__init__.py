"""How requests and events are written: each dialect reads lines and writes events, nothing else."""
