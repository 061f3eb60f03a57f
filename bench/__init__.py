"""slidebeam against its peers: whole processes, start-up included, alternating on one machine. `make bench` runs it."""
