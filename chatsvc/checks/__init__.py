"""What could keep a service from starting or working well, found without starting it."""
