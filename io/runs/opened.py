"""Open slides of a process: source, plan and codecs together, kept in an explicit LRU that closes handles.

A worker lives long and meets many slides. Whoever works on one holds a lease; a slide that falls out of the LRU is
closed with its last lease. A slide is opened anew for another configuration, and when its file is another one.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from pipeline.io.codecs.contract import FrameEncoder
from pipeline.io.deidentification.opening import open_slide
from pipeline.io.planning import plan_slide
from pipeline.io.planning.encoders import instance_encoder
from pipeline.io.sources import SlideSource
from pipeline.io.sources.scenes import split_scene
from pipeline.io.sources.stamp import stamped
from pipeline.model.config import ConversionConfig
from pipeline.model.errors import SourceError
from pipeline.model.keys import SlideInput
from pipeline.model.plan import InstancePlan, SlidePlan
from pipeline.model.tiles import Pixels

_KEPT_OPEN = 8
_Stamp = tuple[int, int, int] | None


class OpenedSlide:
    """One open slide with its plan."""

    def __init__(self, source: SlideSource, plan: SlidePlan, config: ConversionConfig) -> None:
        self.source = source
        self.plan = plan
        self.config = config
        self.instances = {instance.name: instance for instance in plan.instances}
        self._encoders: dict[str, FrameEncoder] = {}
        self._backgrounds: dict[str, bytes] = {}

    def encoder(self, instance: InstancePlan) -> FrameEncoder:
        """Return the encoder of an instance's frames, in its transfer syntax and photometric interpretation."""
        encoder = self._encoders.get(instance.name)
        if encoder is None:
            encoder = instance_encoder(instance, self.config)
            self._encoders[instance.name] = encoder
        return encoder

    def background_frame(self, instance: InstancePlan) -> bytes:
        """Return an encoded frame of nothing but background, for tiles that the source does not hold."""
        frame = self._backgrounds.get(instance.name)
        if frame is None:
            frame = self.encoder(instance).encode(background_tile(instance))
            self._backgrounds[instance.name] = frame
        return frame


class _Place:
    """A place in the LRU. Whoever opens its slide holds the place's lock, so that other slides need not wait."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.opened: OpenedSlide | None = None
        self.leases = 0
        self.retired = False

    def close_unused(self) -> None:
        """Close the slide if it fell out of the LRU and nobody holds it."""
        if self.retired and not self.leases and self.opened is not None:
            self.opened.source.close()
            self.opened = None


class OpenedSlides:
    """The LRU of a process. Thread-safe."""

    def __init__(self, kept: int = _KEPT_OPEN) -> None:
        self._kept = kept
        self._slides: OrderedDict[tuple[SlideInput, ConversionConfig, _Stamp], _Place] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lease(
        self, slide: SlideInput, config: ConversionConfig, fingerprint: str = "", plan: SlidePlan | None = None
    ) -> Iterator[OpenedSlide]:
        """Hold an open slide; opens and plans it if it is not there.

        `plan` is the slide's, where another process has made it: while the slide's stamp is what it was when the job
        began, it need not be made again. Raises SourceError, also when the content is not the one of `fingerprint`.
        """
        place = self._take((slide, config, _stamp(slide.uri)))
        try:
            with place.lock:
                if place.opened is None:
                    place.opened = _open(slide, config, plan)
            if fingerprint and place.opened.plan.fingerprint != fingerprint:
                raise SourceError(f"{slide.uri} changed while it was converted; convert it again", uri=slide.uri)
            yield place.opened
        finally:
            self._give_back(place)

    def close(self) -> None:
        """Close all slides that nobody holds, the others with their last lease."""
        with self._lock:
            for place in self._slides.values():
                place.retired = True
                place.close_unused()
            self._slides.clear()

    def _take(self, key: tuple[SlideInput, ConversionConfig, _Stamp]) -> _Place:
        with self._lock:
            place = self._slides.setdefault(key, _Place())
            self._slides.move_to_end(key)
            place.leases += 1
            while len(self._slides) > self._kept:
                oldest = self._slides.popitem(last=False)[1]
                oldest.retired = True
                oldest.close_unused()
            return place

    def _give_back(self, place: _Place) -> None:
        with self._lock:
            place.leases -= 1
            place.close_unused()


def background_tile(instance: InstancePlan) -> Pixels:
    """Return a tile of the background colour, (rows, columns, samples)."""
    dtype = np.uint8 if instance.bits == 8 else np.uint16
    pixels = np.empty((instance.grid.tile_rows, instance.grid.tile_columns, instance.samples), dtype)
    pixels[:] = np.array(instance.background, dtype)
    return pixels


def _is_as_listed(slide: SlideInput) -> bool:
    return bool(slide.stamp) and stamped(replace(slide, stamp="")).stamp == slide.stamp


def _stamp(uri: str) -> _Stamp:
    """Return what changes when another file takes the slide's place, or it is written anew; None: it is not there."""
    try:
        found = os.stat(split_scene(uri)[0])
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _open(slide: SlideInput, config: ConversionConfig, plan: SlidePlan | None) -> OpenedSlide:
    source = open_slide(slide.uri, config)
    try:
        if plan is None or not _is_as_listed(slide):
            plan = plan_slide(source, slide, config)
        return OpenedSlide(source, plan, config)
    except BaseException:
        source.close()
        raise
