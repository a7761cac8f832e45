"""Work that nobody asks for: ticks that keep promises, attempts and leases true, run by one leader at a time."""
