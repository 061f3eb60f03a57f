"""What turns staged objects into a published series, and what tells a later run that it is done."""
