"""Rules over whole-slide files: good ones, broken ones, foreign ones and hostile ones."""
