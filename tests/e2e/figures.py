"""What was measured, in one line each, and what it must not exceed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Figures:
    """One measured quantity: its values, in milliseconds unless said, and what went wrong."""

    name: str
    values: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    counted: bool = False
    """Failures are counted in another quantity, which has a goal of its own."""

    def at(self, share: float) -> float:
        """Return the value that `share` of the values do not exceed."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"{self.name}: n={len(self.values)} p50={self.at(0.5):.0f} p95={self.at(0.95):.0f} "
            f"max={self.at(1):.0f} failed={len(self.failures)}"
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What a quantity must not exceed."""

    p50: float | None = None
    p95: float | None = None
    most: float | None = None

    def missed(self, figures: Figures) -> list[str]:
        """Return what is missed, in words."""
        bounds = (("p50", self.p50, 0.5), ("p95", self.p95, 0.95), ("max", self.most, 1.0))
        over = [
            f"{figures.name}: {name} {figures.at(share):.0f} > {bound:.0f}"
            for name, bound, share in bounds
            if bound is not None and figures.at(share) > bound
        ]
        return over if figures.values else [f"{figures.name}: nothing was measured"]
