"""JPEG 2000 (ISO/IEC 15444-1 and -15): marker segments, and which tiles pass."""
