"""Sorting events by time in little more memory than they take.

A time and the row it stands in fit into one int64, so the array of times is sorted in place, and the order is read off
its lower bits. Events of one second keep their order, since the earlier row is the smaller number.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recsys.errors import DataError

Number = TypeVar("Number", bound=np.generic)
BITS = 63
AT_ONCE = 1 << 16


class TimeOrder:
    """The order of rows by time. It works in the array of times, which holds them again, sorted, after `times`."""

    def __init__(self, timestamp_s: npt.NDArray[np.int64]) -> None:
        """Sort them. Raises DataError for more events than fit: 500 million within 500 years do."""
        self._packed = timestamp_s
        self._row_bits = len(timestamp_s).bit_length()
        self._mask = (1 << self._row_bits) - 1
        self._first_s = int(timestamp_s.min(initial=0))
        span_s = int(timestamp_s.max(initial=0)) - self._first_s
        if span_s.bit_length() + self._row_bits > BITS:
            raise DataError(f"{len(timestamp_s):,} events are too many to sort by time. Next: give them in time order")
        timestamp_s -= self._first_s
        timestamp_s <<= self._row_bits
        for low in range(0, len(timestamp_s), AT_ONCE):
            part = timestamp_s[low : low + AT_ONCE]
            part |= np.arange(low, low + len(part))
        timestamp_s.sort()

    def of(self, column: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Another column of the same rows in this order, [n]."""
        ordered = np.empty_like(column)
        for low in range(0, len(column), AT_ONCE):
            part = slice(low, low + AT_ONCE)
            ordered[part] = column[self._packed[part] & self._mask]
        return ordered

    def places(self) -> npt.NDArray[np.int64]:
        """Where each row comes to stand, int64 [n]; this one takes 16 bytes a row."""
        places = np.empty_like(self._packed)
        places[self._packed & self._mask] = np.arange(len(places))
        return places

    def times(self) -> npt.NDArray[np.int64]:
        """The times, rising, in the array that they were given in; the last thing to ask for."""
        self._packed >>= self._row_bits
        self._packed += self._first_s
        return self._packed
