"""JPEG (ITU-T T.81): marker segments, and which tiles pass into JPEG Baseline frames."""
