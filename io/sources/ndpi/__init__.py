"""Hamamatsu NDPI: TIFF with 64-bit offsets, each level one JPEG with restart markers, cut into frames undecoded."""
