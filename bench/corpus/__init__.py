"""A corpus against a shell loop of a peer, the memory of a job at any size, plans and resumes. `make bench-corpus`."""
