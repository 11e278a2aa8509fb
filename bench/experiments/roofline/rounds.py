"""Ceilings and arms by turns, so that a machine that changes changes both."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bench.analysis.roofline import ArmShare, Roofline
from bench.errors import ConfigError
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.roofline.ceilings import PRECISIONS, ProductCeiling, ReadingCeiling
from bench.experiments.roofline.encoder_speed import EncoderSpeed, TimeEncoder
from bench.scenario import ArmTable
from recsys.encoders import check_options
from recsys.encoders.pretrained import ModelOptions
from recsys.models.locate import locate
from recsys.models.work import ForwardWork, forward_work

CEILING_SHARE = 0.25
"""Of the seconds of an encoder: those of a product and of reading, of which there are many."""


def measure_roofline(
    arms: Sequence[ArmTable],
    texts: Sequence[str],
    threads: int,
    rounds: int,
    least_s: float,
    say: Callable[[str], None],
) -> Roofline:
    """Every arm's encoder in a process of its own, and the ceilings between them, so many times.

    arms: with a language model, all on one device. least_s: of an encoder in a round. Raises ConfigError for arms on
    several devices; NothingMeasured where a process dies.
    """
    devices = sorted({arm.device for arm in arms})
    if len(devices) != 1:
        raise ConfigError(f"arms on {', '.join(devices) or 'no device'}: one roofline is of one. Next: choose by --arm")
    device = devices[0]
    products: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    reading: list[float] = []
    speeds: dict[str, list[EncoderSpeed]] = {arm.name: [] for arm in arms}
    for number in range(rounds):
        with MeasuringProcess() as process:
            for precision, found in products.items():
                found.append(process.ask(ProductCeiling(precision, threads, device, CEILING_SHARE * least_s)))
            reading.append(process.ask(ReadingCeiling(threads, device, CEILING_SHARE * least_s)))
        for arm in arms:
            task = TimeEncoder(arm.encoder, device, threads, tuple(texts), least_s)
            with MeasuringProcess() as process:
                speeds[arm.name].append(process.ask(task))
        say(f"round {number + 1} of {rounds}")
    ceilings = {precision: statistics.median(found) for precision, found in products.items()}
    shares = tuple(_share(arm, _work(arm), speeds[arm.name], ceilings) for arm in arms)
    return Roofline(threads, device, ceilings, statistics.median(reading), shares)


def _work(arm: ArmTable) -> ForwardWork:
    options = check_options(arm.encoder.kind, arm.encoder.options)
    assert isinstance(options, ModelOptions), "encoders_of chose it for having a model"
    return forward_work(locate(options.model, options.weights, options.seed))


def _share(arm: ArmTable, work: ForwardWork, speeds: Sequence[EncoderSpeed], ceilings: Mapping[str, float]) -> ArmShare:
    speed = speeds[0]
    many_s = statistics.median(one.many_s for one in speeds)
    single_s = statistics.median(one.single_s for one in speeds)
    single_flops = float(
        np.median([work.flops(speed.single_tokens[place : place + 1]) for place in range(len(speed.single_tokens))])
    )
    return ArmShare(
        arm=arm.name,
        label=arm.title,
        precision=speed.info.precision,
        products=speed.info.products,
        texts_per_s=len(speed.n_tokens) / many_s,
        tokens_per_s=float(speed.n_tokens.sum()) / many_s,
        single_ms=1000 * single_s,
        flops_per_s=work.flops(speed.n_tokens) / many_s,
        single_flops_per_s=single_flops / single_s,
        ceiling_per_s=ceilings.get(speed.info.precision, 0.0),
    )
