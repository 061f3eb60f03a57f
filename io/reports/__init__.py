"""What a conversion tells afterwards (JSON, Parquet, failures) and meanwhile (progress)."""
