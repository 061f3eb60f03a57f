"""What happens to a run of frames between its key and its part: plain functions, one a stage."""
