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
        self._rates: dict[tuple[tuple[Route, float], ...], dict[Route, float]] = {}
        """Those that follow from the units of each route alone."""

    # ---- routes

    def plan(self, only: Route | None = None) -> tuple[Route, float]:
        """The route to send by now, and the recipients a second that it carries."""
        rates = self.rates()
        route = next(iter(rates)) if only is None else only
        return route, rates.get(route, 0.0)

    def rates(self) -> dict[Route, float]:
        """Recipients a second by each route, as they are chosen among those that work."""
        units = tuple([(name, self.routes[name].units()) for name in self.working()])
        if self.settings.choice == "profit":
            return self._allocated(units, {name: self.worth(name) for name, _ in units})
        rates = self._rates.get(units)
        if rates is None:
            rates = self._rates[units] = self._allocated(units, {})
        return rates

    def _allocated(
        self, units: tuple[tuple[Route, float], ...], worths: Mapping[Route, float]
    ) -> dict[Route, float]:
        """The same where each route has so many *units*, and is worth so much."""
        settings = self.settings
        limits = {route: settings.limit(route, count) for route, count in units}
        return spam_market.allocated(settings.choice, settings.demand, limits, worths)

    def working(self) -> list[Route]:
        """The routes that still work, as far as is asked; the last of all if none does.

        A fixed spammer knows only the first, or takes all for working.
        """
        names, choice = list(self.routes), self.settings.choice
        if not self.settings.adaptive:
            return names if choice == "parallel" else names[:1]
        working = (name for name, route in self.routes.items() if route.works())
        return ([next(working, names[-1])] if choice == "order" else list(working)) or names[-1:]

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
