"""Frames of a run by route and reason: the one reading of `RunCounters` that all reports share.

A frame that was encoded has a reason: its own, where its tile was rejected; else the instance's, where all of it is
encoded. A background frame's reason is that the source holds no tile.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from pipeline.model.plan import InstancePlan
from pipeline.model.reasons import Reason, Route
from pipeline.model.records import RunCounters, SlideOutcome, Status, WrittenInstance


class RouteShare(NamedTuple):
    """Frames that went one way for one reason."""

    route: Route
    reason: Reason | None
    frames: int


def route_shares(plan: InstancePlan, counters: RunCounters) -> list[RouteShare]:
    """Split a run's frames by route and reason; passing frames first, then reasons in the order of their names."""
    routes, reasons = counters.routes, counters.reasons
    shares = [RouteShare(route, None, routes.get(route, 0)) for route in Route if route.keeps_tiles]
    given = dict(reasons)
    given.pop(Reason.MISSING_TILE, None)
    rest = routes.get(Route.ENCODE, 0) - sum(given.values())
    if rest > 0 and plan.reason is not None:
        given[plan.reason] = given.get(plan.reason, 0) + rest
        rest = 0
    shares.extend(RouteShare(Route.ENCODE, reason, given[reason]) for reason in sorted(given))
    shares.append(RouteShare(Route.ENCODE, None, rest))
    shares.append(RouteShare(Route.BACKGROUND, Reason.MISSING_TILE, routes.get(Route.BACKGROUND, 0)))
    return [share for share in shares if share.frames > 0]


def published_instances(outcome: SlideOutcome) -> list[tuple[InstancePlan, WrittenInstance]]:
    """Return the instances of a slide that was published, with their plans, by instance number."""
    if outcome.plan is None or outcome.status is not Status.PUBLISHED:
        return []
    written = {instance.instance: instance for instance in outcome.instances}
    plans = sorted(outcome.plan.instances, key=lambda plan: plan.number)
    return [(plan, written[plan.name]) for plan in plans if plan.name in written]


def count_routes(instances: Iterable[tuple[InstancePlan, WrittenInstance]]) -> Counter[tuple[Route, Reason | None]]:
    """Return the frames of several instances by (route, reason)."""
    frames: Counter[tuple[Route, Reason | None]] = Counter()
    for plan, written in instances:
        for _, _, counters in written.runs:
            for share in route_shares(plan, counters):
                frames[share.route, share.reason] += share.frames
    return frames
