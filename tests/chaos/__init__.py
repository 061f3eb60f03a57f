"""Jobs that are killed, disks that are full, stores that are away: what the next run makes of it."""
