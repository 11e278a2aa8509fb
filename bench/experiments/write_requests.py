"""The requests of a scenario as a file, from which the same run can be made again, here or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.errors import ConfigError
from bench.measure.slices import cut_slices
from bench.scenario import Scenario
from bench.store import replace_file
from bench.traffic.rates import resolve_rates
from bench.traffic.replayed import rows_of
from bench.traffic.request_file import format_of
from bench.traffic.requests import draw_trace
from bench.traffic.trace import Trace
from recsys.data.loading import load_dataset


def write_requests(scenario: Scenario, data_dirs: Sequence[Path], out: Path, *, overwrite: bool) -> Trace:
    """Write every request of a run, the warm-up's too, in the order in which they are served; whole or not at all.

    Returns them. Raises ConfigError for a name that ends in no known format, a file that is there already and must
    stay, and a place that cannot be written; RecsysError and ConfigError as the run itself would.
    """
    form = format_of(out)
    if out.exists() and not overwrite:
        raise ConfigError(f"requests file {out}: it is there already. Next: another --out, or --force to replace it")
    scenario = resolve_rates(scenario, data_dirs)
    dataset = load_dataset(scenario.data.kind, data_dirs=data_dirs, **scenario.data.options)
    _, slices = cut_slices(scenario)
    trace = draw_trace(scenario, dataset, slices[-1].high, data_dirs)
    try:
        replace_file(out, lambda temporary: form.write(temporary, rows_of(trace)))
    except OSError as error:
        raise ConfigError(f"requests file {out}: cannot be written: {error}. Next: another --out") from error
    return trace
