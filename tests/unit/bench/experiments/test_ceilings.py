"""Ceilings in virtual time: the best of all sizes, and no size that a slow product would take minutes for."""

import pytest

from bench.clock import VirtualClock
from bench.experiments.roofline import ceilings
from bench.experiments.roofline.ceilings import SIDES, ProductCeiling


@pytest.fixture
def sides(monkeypatch):
    """The sides that were tried, of a product that takes begun_s and so many seconds for each 2·side³ operations."""

    def planted(clock, begun_s, per_s):
        tried = []

        def product(precision, device, side):
            tried.append(side)
            return lambda: clock.wait_until_ns(clock.now_ns() + round(1e9 * (begun_s + 2 * side**3 / per_s)))

        monkeypatch.setattr(ceilings, "_plain_product", product)
        return tried

    return planted


def test_the_largest_that_is_not_long_is_the_best(sides):
    clock = VirtualClock()
    tried = sides(clock, begun_s=1e-4, per_s=1e11)
    found = ProductCeiling("fp32", 1).run(clock)
    assert tried == [256, 512, 1024, 2048], "the next would take more than a second"
    assert found == pytest.approx(2 * 2048**3 / (1e-4 + 2 * 2048**3 / 1e11), rel=1e-3)


def test_a_product_without_instructions_of_its_own_is_not_made_larger(sides):
    clock = VirtualClock()
    tried = sides(clock, begun_s=0.0, per_s=3e8)
    assert ProductCeiling("bf16", 1).run(clock) == pytest.approx(3e8, rel=1e-3)
    assert tried == list(SIDES[:1])


def test_a_precision_that_a_build_lacks_is_0(monkeypatch):
    def none(precision, device, side):
        raise NotImplementedError

    monkeypatch.setattr(ceilings, "_plain_product", none)
    assert ProductCeiling("bf16", 1).run(VirtualClock()) == 0


KINDS = [*(("_plain_product", precision) for precision in ("fp32", "bf16", "fp16", "int8"))]
KINDS += [("_packed_int8_product", "int8"), ("_fp8_product", "fp8")]


@pytest.mark.parametrize(("kind", "precision"), KINDS)
def test_each_kind_multiplies_square_matrices_of_its_side(kind, precision):
    work = getattr(ceilings, kind)(precision, "cpu", 32)
    try:
        found = work()
    except (RuntimeError, NotImplementedError) as fault:
        pytest.skip(f"this PyTorch has no such product: {fault}")
    assert found.shape == (32, 32)
    if found.is_quantized:  # its right side is packed: nothing to compare with
        assert found.dequantize().isfinite().all()
        return
    left, right = (side.float() for side in work.args[:2])
    assert found.float().numpy() == pytest.approx((left @ right).numpy(), rel=0.02, abs=0.1)
