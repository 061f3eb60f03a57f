"""Real slides through the command a user types, judged by a program of its own."""
