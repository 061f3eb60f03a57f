"""What a conversion would write and take, told from headers and tile indexes alone."""
