"""Outcomes by hand: published, skipped, planned but with every tile failed, not even opened."""

from typing import Any

from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.records import Failure, RunCounters, SlideOutcome, Status, WrittenFile, WrittenInstance
from pipeline.model.source import ImageKind, LossyHistory
from pipeline.model.transfer_syntaxes import Photometric, TransferSyntax
from tests.io.dicom.plans import instance_plan, single_frame_plan, slide_plan

LABEL = single_frame_plan(
    ImageKind.LABEL,
    3,
    160,
    180,
    transfer_syntax=TransferSyntax.HTJ2K_LOSSLESS_RPCL,
    photometric=Photometric.YBR_RCT,
    route=Route.ENCODE,
    reason=Reason.UNTILED,
    reversible=True,
    lossy=LossyHistory(),
)


def written(plan: InstancePlan, *runs: tuple[int, int, RunCounters]) -> WrittenInstance:
    """Return the written instance of a plan with these runs."""
    return WrittenInstance(
        slide_id="sample.svs",
        instance=plan.name,
        files=(
            WrittenFile(
                name=plan.file_name,
                uri=f"staged/{plan.file_name}",
                bytes=10_000,
                frames=sum(frames for _, frames, _ in runs),
                sop_instance_uid=plan.sop_instance_uid,
            ),
        ),
        certified_frames=2,
        runs=runs,
    )


def mixed_level() -> tuple[InstancePlan, WrittenInstance]:
    """Return a JPEG level of nine frames: six pass, one is malformed, one is not baseline, one is missing."""
    plan = instance_plan()
    first = RunCounters(
        routes={Route.PASSTHROUGH: 2, Route.ENCODE: 2, Route.BACKGROUND: 1},
        reasons={Reason.JPEG_NOT_BASELINE: 1, Reason.JPEG_MALFORMED: 1, Reason.MISSING_TILE: 1},
        bytes_in=500,
        bytes_out=450,
        read_micros=1,
        decode_micros=20,
        encode_micros=30,
        validation_micros=4,
        write_micros=5,
        validated_frames=3,
        psnr_db=41.0,
    )
    second = RunCounters(routes={Route.PASSTHROUGH: 4}, bytes_in=400, bytes_out=410, read_micros=2, write_micros=3)
    return plan, written(plan, (0, 5, first), (5, 4, second))


def encoded_label() -> tuple[InstancePlan, WrittenInstance]:
    """Return a label that was encoded; its counters leave the reason to the plan."""
    counters = RunCounters(routes={Route.ENCODE: 1}, bytes_in=60, bytes_out=70, encode_micros=9)
    return LABEL, written(LABEL, (0, 1, counters))


def published(**changes: Any) -> SlideOutcome:
    """Return a slide of the mixed level and the label."""
    pairs = (mixed_level(), encoded_label())
    plan = slide_plan(*(plan for plan, _ in pairs), warnings=("odd but fine",))
    values: dict[str, Any] = {
        "uri": "/slides/sample.svs",
        "slide_id": "sample.svs",
        "status": Status.PUBLISHED,
        "plan": plan,
        "instances": tuple(instance for _, instance in reversed(pairs)),
    }
    return SlideOutcome(**values | changes)


def skipped() -> SlideOutcome:
    """Return a slide that was finished before."""
    return SlideOutcome(uri="/slides/old.svs", slide_id="old.svs", status=Status.SKIPPED, plan=slide_plan())


def every_tile_failed() -> SlideOutcome:
    """Return a slide that was planned and of which no tile could be decoded."""
    failures = tuple(
        Failure(
            uri="/slides/bad.svs",
            slide_id="bad.svs",
            stage="StageFrames",
            level=0,
            frame=frame,
            error_class="TileError",
            message=f"tile {frame} cannot be decoded",
            reproduce="python -m pipeline.run --input /slides/bad.svs --level 0",
            instance="level-0",
        )
        for frame in (4, 0)
    )
    plan = slide_plan(instance_plan())
    return SlideOutcome(uri="/slides/bad.svs", slide_id="bad.svs", status=Status.FAILED, plan=plan, failures=failures)


def unreadable() -> SlideOutcome:
    """Return a slide that could not even be opened."""
    failure = Failure(
        uri="/slides/none.svs",
        slide_id="none.svs",
        stage="OpenSlides",
        level=None,
        frame=None,
        error_class="SourceError",
        message="/slides/none.svs does not exist",
        reproduce="python -m pipeline.run --input /slides/none.svs",
    )
    return SlideOutcome(uri="/slides/none.svs", slide_id="none.svs", status=Status.FAILED, failures=(failure,))


def all_kinds() -> list[SlideOutcome]:
    """Return one outcome of each kind, in no order."""
    return [unreadable(), published(), every_tile_failed(), skipped()]
