"""How the restart intervals of a level lie in it, and how many of them make a frame."""

from dataclasses import dataclass

from pipeline.io.sources.ndpi.header import StripHeader
from pipeline.model.geometry import TileGrid

_EDGE = 512
"""Columns and rows of a frame, as near as whole intervals let them be."""
_MOST_PIXELS = 1 << 20
"""Of a frame, where its intervals are wide."""
_MOST_COLUMNS = 65535
"""Columns (0028,0011) and the frame header of JPEG have 16 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalLayout:
    """Restart intervals of one level: each one row of minimum coded units, whole intervals side by side."""

    columns: int
    """Width of the level in pixels."""
    rows: int
    """Height of the level in pixels."""
    interval_columns: int
    """Width of an interval in pixels; the last of a row may stick out of the level by part of a unit."""
    interval_rows: int
    """Height of an interval in pixels."""

    @property
    def across(self) -> int:
        """Intervals side by side."""
        return -(-self.columns // self.interval_columns)

    @property
    def down(self) -> int:
        """Rows of intervals."""
        return -(-self.rows // self.interval_rows)

    @property
    def count(self) -> int:
        """Intervals in all."""
        return self.across * self.down

    @property
    def joined(self) -> tuple[int, int]:
        """Intervals that a frame has across and down."""
        across = min(self.across, -(-_EDGE // self.interval_columns))
        rows = _EDGE
        while rows > self.interval_rows and rows * across * self.interval_columns > _MOST_PIXELS:
            rows //= 2
        return across, max(1, min(self.down, rows // self.interval_rows))

    @property
    def grid(self) -> TileGrid:
        """Frames of the level."""
        across, down = self.joined
        return TileGrid(self.columns, self.rows, across * self.interval_columns, down * self.interval_rows)


def interval_layout(header: StripHeader, columns: int, rows: int) -> IntervalLayout | None:
    """Return the layout of a level of a size; None where its intervals cannot be joined to frames.

    An interval must not run on in the next row of units, and rows of units must be of whole intervals.
    """
    interval = header.parsed.restart_interval
    mcu_columns, mcu_rows = header.mcu
    units = -(-columns // mcu_columns)
    if not interval or units % interval or not header.is_sequential:
        return None
    layout = IntervalLayout(columns=columns, rows=rows, interval_columns=interval * mcu_columns, interval_rows=mcu_rows)
    return layout if layout.grid.tile_columns <= _MOST_COLUMNS else None
