"""Files that put the pipeline on somebody's machines."""
