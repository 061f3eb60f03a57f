"""Painting decoded pieces onto a larger picture."""

from pipeline.model.tiles import Pixels


def paste(canvas: Pixels, pixels: Pixels, left: int, top: int) -> None:
    """Copy what lies inside the canvas; the corner of the pixels is at (left, top) of it, which may be outside."""
    rows, columns = canvas.shape[:2]
    y0, y1 = max(0, top), min(rows, top + pixels.shape[0])
    x0, x1 = max(0, left), min(columns, left + pixels.shape[1])
    if y0 < y1 and x0 < x1:
        canvas[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
