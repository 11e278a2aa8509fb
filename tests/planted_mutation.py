"""Faults of the instrument, each as one changed line of its source; and how one is planted in a process.

No file is changed: the module's source is replaced while it is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


@dataclass(frozen=True)
class Mutation:
    """A fault. right stands once in the source of the module; wrong is put in its place; test: one that must fail."""

    module: str
    right: str
    wrong: str
    test: str

    @property
    def path(self) -> str:
        """The module's file, from the project's root."""
        return self.module.replace(".", "/") + ".py"


MUTATIONS = {
    "latency from the send": Mutation(
        "bench.analysis.cell",
        '(self.rows["observed_ns"] - self.rows["intended_ns"])',
        '(self.rows["observed_ns"] - self.rows["taken_ns"])',
        "tests/unit/bench/analysis/test_summary.py::test_response_counts_the_queue_and_service_does_not",
    ),
    "the schedule is anchored anew when the system is late": Mutation(
        "bench.traffic.scheduled",
        "            self.stamps.taken(rows, now_ns)\n        return",
        "            self.stamps.taken(rows, now_ns)\n"
        "            self.stamps.intended_ns[rows] = now_ns\n"
        "        return",
        "tests/unit/bench/traffic/test_queues_in_virtual_time.py::test_md1_mean_response[0.8-direct]",
    ),
    "off-by-one rank of a percentile": Mutation(
        "bench.analysis.stats.quantile",
        "return math.ceil(n * Fraction(repr(float(p))))",
        "return min(n, math.floor(n * Fraction(repr(float(p)))) + 1)",
        "tests/unit/bench/analysis/stats/test_quantile.py::test_rank_is_that_of_the_decimal_number_not_of_its_float",
    ),
    "off-by-one rank in nDCG": Mutation(
        "recsys.quality",
        "np.log2(np.arange(k) + 2)",
        "np.log2(np.arange(k) + 3)",
        "tests/unit/recsys/test_quality.py::test_by_hand",
    ),
    "one seed for all blocks": Mutation(
        "bench.traffic.schedule",
        'stream(seed, "arrivals", point.name, rate_per_s, block)',
        'stream(seed, "arrivals", point.name, rate_per_s)',
        "tests/unit/bench/traffic/test_arrivals.py::test_seed_rate_block_and_load_each_draw_another_schedule",
    ),
    "failures are dropped": Mutation(
        "bench.analysis.cell",
        "return np.where(self.answered, response_ns / NS_PER_MS, np.inf)",
        "return response_ns[self.answered] / NS_PER_MS",
        "tests/unit/bench/analysis/test_summary.py::test_requests_without_an_answer_are_infinite_and_counted_by_kind",
    ),
    "the cache is counted as the encoder's work": Mutation(
        "recsys.encoders.cached",
        "            tokens[firsts] = self.missed.n_tokens[self.slots[firsts]]",
        "            tokens[:] = self.missed.n_tokens.mean()",
        "tests/unit/recsys/encoders/test_cached.py::test_equal_texts_missed_in_one_batch_are_computed_once",
    ),
    "hits are encoded again": Mutation(
        "recsys.encoders.cached",
        "slot_of.setdefault(key, len(slot_of)) if vector is None else -1",
        "slot_of.setdefault(key, len(slot_of))",
        "tests/unit/recsys/encoders/test_cached.py::test_a_hit_costs_no_tokens_and_no_computation",
    ),
    "a stale profile": Mutation(
        "recsys.features.profile",
        "        if user in self._feedback:",
        "        if user in ():",
        "tests/unit/recsys/test_pipeline.py::test_feedback_is_seen_by_the_next_request_of_its_user_and_by_nobody_else",
    ),
    "a profile that knows the future": Mutation(
        "recsys.features.profile",
        "self._by_user.before(user, self._as_of_s)",
        "self._by_user.before(user, 2**40)",
        "tests/unit/bench/measure/test_worker.py::test_a_block_begins_with_what_was_known_before_its_first_request",
    ),
    "a clairvoyant inbox": Mutation(
        "bench.traffic.scheduled",
        "        if max_wait_ns == 0 or max_requests > self._room:",
        "        if max_wait_ns and max_requests > self._room:\n"
        "            return int(min(leave_ns, due_ns[len(due_ns) - 1]))\n"
        "        if max_wait_ns == 0:",
        "tests/unit/bench/traffic/test_inbox.py::test_at_the_end_of_the_schedule_a_batch_still_waits_its_time",
    ),
    "a cache that is warm at the next load point": Mutation(
        "bench.measure.targets.local",
        "            self.arm.cache.clear()",
        "            pass",
        "tests/unit/bench/measure/test_worker.py::test_a_load_point_begins_with_an_empty_cache",
    ),
    "feedback of the last block is still known": Mutation(
        "bench.measure.targets.local",
        "        self.arm.recommender.rewind(first.timestamp_s)",
        "        pass",
        "tests/unit/bench/measure/test_worker.py::test_a_block_begins_with_what_was_known_before_its_first_request",
    ),
    "requests that settle are counted": Mutation(
        "bench.rows",
        '"counted": pa.array(np.arange(n) >= origin.settling)',
        '"counted": pa.array(np.arange(n) >= 0)',
        "tests/unit/bench/test_rows.py::test_one_row_a_request_with_its_place_and_outcome",
    ),
    "a refused request is taken as answered": Mutation(
        "bench.measure.recorder",
        "self._leave(row, int(self.intended_ns[row]), Outcome.REFUSED)",
        "self._leave(row, int(self.intended_ns[row]), Outcome.ANSWERED)",
        "tests/unit/bench/measure/test_recorder.py::"
        "test_a_request_that_was_given_up_ends_at_its_limit_and_a_refused_one_at_its_time",
    ),
    "HTTP connections are never kept": Mutation(
        "bench.measure.http.connection",
        "                if self._unsent or not self._incoming.keeps_alive:\n                    self.close()",
        "                self.close()",
        "tests/unit/bench/measure/http/test_connection.py::test_one_connection_carries_one_request_after_another",
    ),
}


class _Loader(SourceFileLoader):
    """Loads a module with one line of its source changed."""

    def __init__(self, fullname: str, path: str, mutation: Mutation) -> None:
        super().__init__(fullname, path)
        self._mutation = mutation

    def get_code(self, fullname: str) -> CodeType:
        """Compiled anew: what lies in __pycache__ is the right one."""
        text = self.get_data(self.path).decode()
        if text.count(self._mutation.right) != 1:
            raise ValueError(f"{self.path}: the planted fault's line must stand there once: {self._mutation.right}")
        return compile(text.replace(self._mutation.right, self._mutation.wrong), self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, mutation: Mutation) -> None:
        self._mutation = mutation

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Of the mutated module alone."""
        if fullname != self._mutation.module:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._mutation)
        return spec


def plant(name: str) -> None:
    """From now on this process has the fault. ValueError where the module is imported already."""
    mutation = MUTATIONS[name]
    if mutation.module in sys.modules:
        raise ValueError(f"{mutation.module} is imported already: too late to change it")
    sys.meta_path.insert(0, _Finder(mutation))
