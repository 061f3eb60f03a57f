"""What viewers and stores need of a file, row by row: V1 to V24 of the list of what peers' files broke."""
