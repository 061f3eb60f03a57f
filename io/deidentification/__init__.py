"""De-identification: a slide is opened as one that never knew whose it was, and what was taken out is listed."""
