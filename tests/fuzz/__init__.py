"""Damaged files of every format: an error of ours that names the file, or a slide, and never anything else."""
