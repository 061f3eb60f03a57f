"""The colour in which a channel is shown: a palette from black to that colour (PS3.3 C.7.9, C.8.12.5).

Tables of 8-bit samples are written out. Those of 16 bits would take 400 kB a channel, so they are segmented: one entry
of black, then a line up to the colour (C.7.9.2).
"""

import numpy as np
from pydicom import Dataset

_LARGEST = 2**16 - 1
_DISCRETE, _LINEAR = 0, 1
"""Opcodes of segments."""


def palette(colour: tuple[int, int, int], bits: int) -> Dataset:
    """Return an item of the Palette Color Lookup Table Sequence for gray samples of 8 or 16 bits.

    `colour` is of 0 to 255; a sample of full scale is shown in it, 0 is black. Entries have 16 bits.
    """
    item = Dataset()
    entries = 2**bits % 2**16  # 0 says 65536 (C.7.6.3.1.5)
    for name, sample in zip(("Red", "Green", "Blue"), colour, strict=True):
        brightest = sample * _LARGEST // 255
        setattr(item, f"{name}PaletteColorLookupTableDescriptor", [entries, 0, 16])
        if bits == 8:
            table = np.linspace(0, brightest, 256).round().astype("<u2")
            setattr(item, f"{name}PaletteColorLookupTableData", table.tobytes())
        else:
            segments = np.array([_DISCRETE, 1, 0, _LINEAR, _LARGEST, brightest], "<u2")
            setattr(item, f"Segmented{name}PaletteColorLookupTableData", segments.tobytes())
    return item
