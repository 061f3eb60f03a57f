"""From the coordinates of a microscope's stage to those of the slide.

Vendors say where the top left pixel was, in a frame of their own whose zero is not told. X is taken to grow along the
rows of the image and Y down its columns, from the label's end and the upper edge of a slide that lies with its label on
the left. In slide coordinates rows then run along -Y, and columns along -X (PS3.3 C.8.12.2.1.1). A place
that is on no slide shows that the zero is another one: several places still tell how images lie to one another.
"""

from collections.abc import Sequence

from pipeline.io.dicom.placement import SLIDE_LENGTH_MM

_SLIDE_WIDTH_MM = 25.0
_LABEL_BEGINS_MM = 50.0
Place = tuple[float, float]
"""X and Y in mm."""


def slide_origins_mm(places: Sequence[Place | None]) -> list[Place | None]:
    """Return the origins of images in the slide coordinate system, in mm, from places of the stage in mm.

    Where all places are on a slide they are taken as they are. Where they are not, several images are moved together
    so that the first corner of all lies beside the label; a single image has no origin. So has every image when the
    place of one is not known.
    """
    known = [place for place in places if place is not None]
    if not known or len(known) < len(places):
        return [None] * len(places)
    if not all(0 <= x <= SLIDE_LENGTH_MM and 0 <= y <= _SLIDE_WIDTH_MM for x, y in known):
        if len(set(known)) == 1:
            return [None] * len(places)
        left, top = min(x for x, _ in known), min(y for _, y in known)
        label = SLIDE_LENGTH_MM - _LABEL_BEGINS_MM
        known = [(x - left + label, y - top) for x, y in known]
    return [(_SLIDE_WIDTH_MM - y, SLIDE_LENGTH_MM - x) for x, y in known]
