"""Zeiss CZI (ZISRAW): sub-blocks of a mosaic at any place, with scenes, time points, channels and focal planes."""
