"""A recording: arrivals as they once came, from a column of times in a csv or Parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from bench.clock import NS_PER_S
from bench.errors import ConfigError
from bench.traffic.arrivals import ARRIVALS, Stretch, rounded_rate
from bench.traffic.recorded_times import TimeUnit, read_times_ns
from recsys.data.loading import find_path
from recsys.errors import DataError
from recsys.options import OptionsModel

REQUIRES = ("pandas", "pyarrow")


class TraceOptions(OptionsModel):
    """path: the file, csv (gzip too) or Parquet. column: the one with times; their order in the file does not matter.

    unit: what a number counts; ISO 8601 is read as well. start_s, end_s: the window, in s from the first time that was
    recorded, up to end_s or to the last time. loop: at the window's end go on at its start; otherwise a recording that
    has too few arrivals is refused.
    """

    path: str = Field(min_length=1, examples=["arrivals.csv"])
    column: str = Field("timestamp", min_length=1)
    unit: TimeUnit = "s"
    start_s: float = Field(0.0, ge=0, allow_inf_nan=False)
    end_s: float | None = Field(None, gt=0, allow_inf_nan=False)
    loop: bool = False

    @field_validator("end_s")
    @classmethod
    def _after_start(cls, end_s: float | None, info: ValidationInfo) -> float | None:
        if end_s is not None and end_s <= info.data.get("start_s", 0.0):
            raise ValueError(f"must be more than start_s ({info.data['start_s']:g})")
        return end_s


@dataclass(frozen=True)
class Window:
    """A part of a recording. times_ns int64 [n] from the window's start, never falling; length_ns up to its end."""

    times_ns: npt.NDArray[np.int64]
    length_ns: int

    @property
    def rate_per_s(self) -> float:
        """Mean rate, to 6 significant digits, so that a run at the rate that was recorded replays every ns of it."""
        return rounded_rate(len(self.times_ns) * NS_PER_S / self.length_ns)

    def elapsed_ns(self, low: int, high: int) -> npt.NDArray[np.int64]:
        """Times of arrivals low … high - 1 from the one before them, or from the window's start; it repeats forever."""
        places = np.arange(low, high) % len(self.times_ns)
        gaps_ns = np.diff(self.times_ns, prepend=0)[places]
        gaps_ns[(places == 0) & (np.arange(low, high) > 0)] += self.length_ns - self.times_ns[-1]
        return np.cumsum(gaps_ns)


@ARRIVALS.register("trace")
class TraceArrivals:
    """Replays a recording, tied times too; each block goes on after the last arrival of the block before it."""

    Options = TraceOptions
    has_natural_rate = True

    def __init__(self, options: TraceOptions) -> None:
        self.options = options

    def natural_rate_per_s(self, data_dirs: Sequence[Path]) -> float:
        """The mean rate of the window as recorded."""
        return self.window(data_dirs).rate_per_s

    def intended_ns(self, stretch: Stretch) -> npt.NDArray[np.int64]:
        """The recorded times in ns, scaled to the rate; nothing is drawn.

        Raises ConfigError when the window has too few arrivals and is not to be looped.
        """
        window = self.window(stretch.data_dirs)
        wanted, there = stretch.before + stretch.n, len(window.times_ns)
        if wanted > there and not self.options.loop:
            raise ConfigError(
                f'trace "{self.options.path}": its window has {there:,} arrivals, but a load point with {wanted:,} or '
                "more is to be served. Next: lower load.….requests, widen the window (start_s, end_s), or set "
                "loop = true to repeat it"
            )
        elapsed_ns = window.elapsed_ns(stretch.before, wanted)
        scale = window.rate_per_s / stretch.rate_per_s
        times_ns: npt.NDArray[np.int64] = np.rint(elapsed_ns * scale).astype(np.int64)
        return times_ns

    def window(self, data_dirs: Sequence[Path]) -> Window:
        """The part of the recording to be replayed. Raises DataError when it is empty or has no rate.

        Where end_s is not given it ends one mean gap after the last arrival, so that n arrivals have n gaps.
        """
        path = find_path(Path(self.options.path), data_dirs)
        times_ns = read_times_ns(path, self.options.column, self.options.unit)
        times_ns = times_ns - times_ns[0]
        start_ns, end_ns = round(self.options.start_s * NS_PER_S), self._end_ns(times_ns, path)
        inside = times_ns[np.searchsorted(times_ns, start_ns) : np.searchsorted(times_ns, end_ns)] - start_ns
        if len(inside) < 2 or inside[0] == inside[-1]:
            raise DataError(
                f"{path}: {len(inside)} arrivals from start_s = {self.options.start_s:g} on, fewer than two different "
                f"times; the recording lasts {times_ns[-1] / NS_PER_S:g} s. Next: widen the window (start_s, end_s)"
            )
        mean_gap_ns = round(int(inside[-1] - inside[0]) / (len(inside) - 1))
        open_ended = self.options.end_s is None
        return Window(inside, int(inside[-1]) + mean_gap_ns if open_ended else end_ns - start_ns)

    def _end_ns(self, times_ns: npt.NDArray[np.int64], path: Path) -> int:
        """Where the window ends, itself no longer part of it."""
        last_ns = int(times_ns[-1])
        if self.options.end_s is None:
            return last_ns + 1
        end_ns = round(self.options.end_s * NS_PER_S)
        if end_ns > last_ns:
            raise DataError(
                f"{path}: end_s = {self.options.end_s:g}, but the recording lasts {last_ns / NS_PER_S:g} s. "
                "Next: lower end_s, or leave it out to take all that follows start_s"
            )
        return end_ns
