"""Turning an image upright by EXIF's Orientation (CIPA DC-008 4.6.5.1.5, TIFF 6.0 section 8)."""

from pipeline.model.tiles import Pixels

_TRANSPOSED = 5


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return (rows, columns, samples) as they are to be seen; 5 to 8 exchange rows and columns.

    Orientation says which edges of what is seen the first stored row and column are: 1 top and left, 2 top and right,
    3 bottom and right, 4 bottom and left; 5 to 8 left and top, right and top, right and bottom, left and bottom.
    """
    if orientation == 1:
        return pixels
    turned: Pixels = pixels.swapaxes(0, 1) if orientation >= _TRANSPOSED else pixels
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    return turned.copy()
