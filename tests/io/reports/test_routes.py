"""Runs split by route and reason."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.io.reports.routes import RouteShare, published_instances, route_shares
from pipeline.model.reasons import Reason, Route
from pipeline.model.records import RunCounters
from tests.io.dicom.plans import instance_plan
from tests.io.reports.outcomes import LABEL, every_tile_failed, published, skipped


def test_rejected_frames_of_an_encoded_instance_keep_their_own_reason() -> None:
    counters = RunCounters(
        routes={Route.ENCODE: 5, Route.BACKGROUND: 1}, reasons={Reason.MISSING_TILE: 1, Reason.EXTRA_SAMPLES: 2}
    )
    assert route_shares(LABEL, counters) == [
        RouteShare(Route.ENCODE, Reason.EXTRA_SAMPLES, 2),
        RouteShare(Route.ENCODE, Reason.UNTILED, 3),
        RouteShare(Route.BACKGROUND, Reason.MISSING_TILE, 1),
    ]


COUNTS = st.integers(0, 50)


@given(COUNTS, COUNTS, st.dictionaries(st.sampled_from([r for r in Reason if r is not Reason.MISSING_TILE]), COUNTS))
def test_no_frame_is_lost_or_counted_twice(passing: int, background: int, reasons: dict[Reason, int]) -> None:
    routes = {Route.PASSTHROUGH: passing, Route.BACKGROUND: background, Route.ENCODE: sum(reasons.values())}
    counters = RunCounters(routes=routes, reasons={**reasons, Reason.MISSING_TILE: background})
    shares = route_shares(instance_plan(), counters)
    assert sum(share.frames for share in shares) == sum(routes.values())
    assert len({(share.route, share.reason) for share in shares}) == len(shares)
    assert all(share.frames > 0 for share in shares)


def test_only_what_was_published_counts() -> None:
    assert [plan.name for plan, _ in published_instances(published())] == ["level-0", "label"]
    assert published_instances(skipped()) == published_instances(every_tile_failed()) == []
