"""CheckPassthrough: each tile becomes a stored frame as it is, or is rejected by name and decoded."""

from time import perf_counter_ns

from xxhash import xxh3_64, xxh3_64_intdigest

from pipeline.io.codecs.containers import is_recompressed, passing_syntax
from pipeline.io.codecs.contract import PassedTile, TileCodec
from pipeline.io.pyramid.holes import averaged_tile
from pipeline.io.runs.opened import OpenedSlide
from pipeline.io.runs.read import blank_outside
from pipeline.model.errors import CodecError, TileError
from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.tiles import Buffer, Frame, FrameRun, TileRun


def pass_through(run: TileRun, slide: OpenedSlide) -> FrameRun:
    """Let tiles pass whose codestream says what the plan says.

    The digest of a passing frame is taken over the source's entropy-coded bytes, before anything is written.
    """
    checked = FrameRun(run.key, run.plan, [], [], [], timings=run.timings)
    if run.plan.route.keeps_tiles:
        _pass_tiles(run, checked, slide)
    else:
        _take_pixels(run, checked, slide)
    return checked


def _pass_tiles(run: TileRun, checked: FrameRun, slide: OpenedSlide) -> None:
    plan = run.plan
    codec = slide.source.tile_codec(plan.image, run.key.plane)
    if codec is None:
        raise TileError(f"{run.key.uri}: its reader gives no compressed tiles", uri=run.key.uri, level=plan.level)
    for place, tile in enumerate(run.tiles):
        if not len(tile):
            _missing(checked, place, slide)
            continue
        passed = codec.pass_tile(tile)
        if isinstance(passed, PassedTile) and _is_planned(passed, plan):
            body = tile[passed.start : passed.end]
            frame = Frame(passed.head, body)
            if plan.route is Route.RECOMPRESSED:
                checked.jpegs[place] = frame
            checked.frames.append(None if plan.route is Route.RECOMPRESSED else frame)
            checked.routes.append(plan.route)
            checked.digests.append(_digest(passed, body))
        else:
            _reject(checked, place, passed if isinstance(passed, Reason) else Reason.DIFFERS_FROM_PLAN)
            _decode(checked, place, tile, codec)


def _digest(passed: PassedTile, body: Buffer) -> int:
    """Of the entropy-coded bytes of a JPEG, whose head is always made anew; of the whole frame of any other codec."""
    if passed.transfer_syntax.is_jpeg_family or not passed.head:
        return xxh3_64_intdigest(body)
    digest = xxh3_64(passed.head)
    digest.update(body)
    return digest.intdigest()


def _is_planned(passed: PassedTile, plan: InstancePlan) -> bool:
    """Whether a tile is what the plan says of all: its syntax, its colour model, and that nothing is lost."""
    if plan.route is Route.RECOMPRESSED:
        fits = is_recompressed(passed.transfer_syntax, plan.transfer_syntax)
    else:
        fits = passing_syntax(passed.transfer_syntax, plan.transfer_syntax) is plan.transfer_syntax
    return fits and (passed.photometric, passed.reversible) == (plan.photometric, plan.reversible)


def _take_pixels(run: TileRun, checked: FrameRun, slide: OpenedSlide) -> None:
    checked.pending = run.pixels
    for place in range(run.key.frames):
        if place in run.missing:
            _missing(checked, place, slide)
        else:
            _reject(checked, place, run.plan.reason or Reason.PIXELS_ONLY)


def _reject(checked: FrameRun, place: int, reason: Reason) -> None:
    checked.frames.append(None)
    checked.routes.append(Route.ENCODE)
    checked.digests.append(0)
    checked.rejected[place] = reason


def _decode(checked: FrameRun, place: int, tile: Buffer, codec: TileCodec) -> None:
    key = checked.key
    frame = key.first_frame + place
    started = perf_counter_ns()
    try:
        pixels = codec.decode(tile)
    except CodecError as error:
        raise TileError(
            f"{key.uri}: level {key.level}, tile {frame} does not pass ({checked.rejected[place]}) "
            f"and cannot be decoded: {error}",
            uri=key.uri,
            level=key.level,
            frame=frame,
        ) from error
    checked.pending[place] = blank_outside(checked.plan, key.first_tile + place, pixels)
    checked.timings.decode_micros += (perf_counter_ns() - started) // 1000


def _missing(checked: FrameRun, place: int, slide: OpenedSlide) -> None:
    """Fill a hole: with what the larger level shows there, or with background where that has nothing."""
    key, plan = checked.key, checked.plan
    image = slide.source.describe().images[plan.image]
    if plan.native_grid and plan.source_level:
        pixels = averaged_tile(slide.source, image, key.plane, key.first_tile + place)
        if pixels is not None:
            _reject(checked, place, Reason.MISSING_TILE_AVERAGED)
            checked.pending[place] = blank_outside(plan, key.first_tile + place, pixels)
            return
    data = slide.background_frame(checked.plan)
    checked.frames.append(Frame(b"", data))
    checked.routes.append(Route.BACKGROUND)
    checked.digests.append(xxh3_64_intdigest(data))
    checked.rejected[place] = Reason.MISSING_TILE
