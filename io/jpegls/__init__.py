"""JPEG-LS (ISO/IEC 14495-1): marker segments, and which frames pass."""
