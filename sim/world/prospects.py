"""What a spammer expects of its routes: which work, what each carries and brings in, and whether it
is worth staying in business."""

from __future__ import annotations

from collections.abc import Mapping

from sim.records.words import Route
from sim.scenario import spam_market
from sim.workload.streams import exponentials
from sim.world.market import Market
from sim.world.spam_source import SpamRoute, SpamSource

DAY = 86400.0


class Prospects:
    """One spammer's view of its routes, and its decision to send at all."""

    def __init__(
        self, source: SpamSource, routes: Mapping[Route, SpamRoute], market: Market
    ) -> None:
        self.source, self.routes, self.market = source, routes, market
        self.settings, self.env = source.settings, source.context.env
        draw = float(source.named("overhead").random())
        self.overhead = 2.0 * self.settings.overhead * draw  # USD a day
        self.reviews = exponentials(source.named("reviews"))
        self.in_business, self.decides_at = True, 0.0
        self.demand, self.in_order = self.settings.demand, self.settings.choice == "order"
        self._planned_at = 0  # how often blocklists had changed by then
        self._limits: dict[tuple[Route, float], float] = {}  # by route and units

    # ---- routes

    def plan(self, only: Route | None = None) -> tuple[Route, float]:
        """The route to send by now, and the recipients a second that it carries."""
        listings = self.source.context.listings
        if self.source.plan is not None and self._planned_at == listings:
            return self.source.plan
        rates = self.rates()
        route = next(iter(rates)) if only is None else only
        plan = route, rates.get(route, 0.0)
        if self.in_order:
            self.source.plan = plan if self._is_steady(route) else None
            self._planned_at = listings
        return plan

    def rates(self) -> dict[Route, float]:
        """Recipients a second by each route, as they are chosen among those that work."""
        choice, names = self.settings.choice, self.working()
        limits = {name: self._limit(name) for name in names}
        worths = {name: self.worth(name) for name in names} if choice == "profit" else {}
        return spam_market.allocated(choice, self.demand, limits, worths)

    def _limit(self, route: Route) -> float:
        """Recipients a second that *route* carries by what units it has now."""
        key = route, self.routes[route].units()
        limit = self._limits.get(key)
        if limit is None:
            limit = self._limits[key] = self.settings.limit(*key)
        return limit

    def working(self) -> list[Route]:
        """The routes that still work, as far as is asked; the last of all if none does.

        A fixed spammer knows only the first, or takes all for working.
        """
        if self.in_order:
            return [self._first_working()]
        names = list(self.routes)
        if not self.settings.adaptive:
            return names if self.settings.choice == "parallel" else names[:1]
        return [name for name in names if self.routes[name].works()] or names[-1:]

    def _is_steady(self, route: Route) -> bool:
        """Whether *route* stays the first that works until one of them has other units."""
        before = [*self.routes][: [*self.routes].index(route) + 1]
        return all(self.routes[name].steady for name in before)

    def _first_working(self) -> Route:
        """The first route that works, or the last of all."""
        adaptive = self.settings.adaptive
        for name, route in self.routes.items():
            if not adaptive or route.works():
                return name
        return name

    def worth(self, route: Route) -> float:
        """USD that a recipient by *route* is expected to bring in, after its cost."""
        delivered = self.source.experience.delivered(route, self.env.now)
        return self.settings.worth(route, delivered, self.response())

    def response(self) -> float:
        """Share of what is delivered now that somebody answers."""
        settings = self.settings
        return self.market.response(settings.response, settings.response_halves_at, self.env.now)

    # ---- business

    def is_in_business(self) -> bool:
        """Whether it sends now; looked at anew from time to time, if entry is by profit."""
        if self.settings.entry == "profit" and self.env.now >= self.decides_at:
            gains = (rate * self.worth(route) for route, rate in self.rates().items())
            self.in_business = DAY * sum(gains) > self.overhead
            self.decides_at = self.env.now + next(self.reviews) * self.settings.review
        return self.in_business
