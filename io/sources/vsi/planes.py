"""What the further coordinates of tiles count, and so which planes and time points an ETS file has."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.io.sources.vsi.ets import EtsFile
from pipeline.io.sources.vsi.volumes import Dimension
from pipeline.model.errors import SourceError

_UNTOLD_ORDER = (Dimension.CHANNEL, Dimension.TIME, Dimension.FOCAL_PLANE)
"""What the coordinates count where the tags say nothing, as Bio-Formats has it."""
_MOST_PLANES_A_TILE = 4
_FEW_PLANES = 64


@dataclass(frozen=True, slots=True)
class Planes:
    """Values of the coordinates that have several; their places are counted behind column and row."""

    channels: tuple[int, ...]
    focal_planes: tuple[int, ...]
    times: tuple[int, ...]
    places: Mapping[Dimension, int]

    def fixed(self, time: int) -> Iterator[dict[int, int]]:
        """Yield what pins down each plane at a time point, channel by channel."""
        for channel in self.channels:
            for plane in self.focal_planes:
                values = {Dimension.CHANNEL: channel, Dimension.FOCAL_PLANE: plane, Dimension.TIME: time}
                yield {self.places[name]: value for name, value in values.items() if name in self.places}


def read_planes(ets: EtsFile, told: Mapping[int, Dimension], uri: str) -> Planes:
    """Return planes and time points of the base level. Raises SourceError for what a slide cannot have."""
    base = ets.coordinates[ets.levels == 0]
    if not len(base):
        raise SourceError(f"{uri}: it has lower levels without a base: the file is damaged", uri=uri)
    values: dict[Dimension, tuple[int, ...]] = {}
    places: dict[Dimension, int] = {}
    for place in range(base.shape[1] - 2):
        several = np.unique(base[:, 2 + place])
        name = _name(place, told)
        if name is None or name is Dimension.OTHER or name in places:
            if len(several) > 1:
                raise SourceError(
                    f"{uri}: its tiles have {len(several)} values of coordinate {2 + place} "
                    f"({name or 'of unknown meaning'}), which a slide cannot have",
                    uri=uri,
                )
            continue
        values[name], places[name] = tuple(several.tolist()), place
    if math.prod(map(len, values.values())) > max(_FEW_PLANES, _MOST_PLANES_A_TILE * len(base)):
        raise SourceError(f"{uri}: next to none of its planes have tiles: the file is damaged", uri=uri)
    return Planes(
        channels=values.get(Dimension.CHANNEL, (0,)),
        focal_planes=values.get(Dimension.FOCAL_PLANE, (0,)),
        times=values.get(Dimension.TIME, (0,)),
        places=places,
    )


def _name(place: int, told: Mapping[int, Dimension]) -> Dimension | None:
    if told:
        free = place not in told and Dimension.CHANNEL not in told.values()
        return Dimension.CHANNEL if free else told.get(place)
    return _UNTOLD_ORDER[place] if place < len(_UNTOLD_ORDER) else None
