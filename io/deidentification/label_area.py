"""Where in an overview the label lies.

A slide is 75 mm long and 25 mm wide, and its label lies in the 25 mm at one end (ISO 8037-1). The overview of a scanner
whose pictures are known shows the whole slide with the label at the left. There as many columns are taken as the
picture has rows, which are those 25 mm, and a third of them at least. Of any other overview nobody knows where the
label is, and a guess would show a name.
"""

from pipeline.model.source import SourceImage

_LABEL_LEFT = ("aperio",)
"""Formats whose overview shows the label at the left."""
_LEAST_RATIO, _MOST_RATIO = 2.0, 4.0
"""Columns to rows of a picture that shows the whole slide: 3, and some more or less around it."""


def label_columns(slide_format: str, overview: SourceImage) -> int | None:
    """Return how many columns from the left may show the label; None where that is not known."""
    columns, rows = overview.grid.columns, overview.grid.rows
    if slide_format not in _LABEL_LEFT or not _LEAST_RATIO <= columns / rows <= _MOST_RATIO:
        return None
    return max(-(-columns // 3), rows)
