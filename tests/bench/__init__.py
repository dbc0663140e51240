"""What the site promises of its speed, measured on this machine: `make bench`. No test depends on these figures."""
