"""Real servers for the tests: each takes a free loopback port and goes with the session."""
