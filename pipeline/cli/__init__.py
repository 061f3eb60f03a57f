"""The command line: one file a subcommand, each importing its work when it is called."""
