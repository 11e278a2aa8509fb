"""The form is the one that was measured fastest, or the one named; either way it says which."""

from __future__ import annotations

import numpy as np
import pytest

from bench.clock import MonotonicClock
from recsys.encoders import ENCODERS, build_encoder, check_options, exact_reference
from recsys.errors import BadOptions
from recsys.models.artefacts import CACHE_VARIABLE

TINY = {"model": "bert-tiny-uncased", "weights": "random"}
TEXTS = ["Zelda: Breath of the Wild", "a racing game", ""]


def test_the_choice_follows_from_what_was_measured_and_stays(tmp_path, monkeypatch):
    """Two forms, so that the test is short."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    module = __import__(ENCODERS.get("int8").__module__, fromlist=["CANDIDATES"])
    two = {name: module.CANDIDATES[name] for name in ("onnx_fused", "onnx_unfused")}
    monkeypatch.setattr(module, "CANDIDATES", two)
    with pytest.raises(BadOptions, match=r"needs a clock.*onnx_fused \| onnx_unfused"):
        build_encoder("int8", **TINY)
    first = build_encoder("int8", clock=MonotonicClock(), threads=2, **TINY)
    assert first.info.measured.keys() == two.keys()
    fastest = {
        "one": min(two, key=lambda name: first.info.measured[name]["one_ms"]),
        "many": max(two, key=lambda name: first.info.measured[name]["many_per_s"]),
    }
    for favour, form in fastest.items():
        again = build_encoder("int8", threads=2, favour=favour, **TINY)
        assert again.info.measured == first.info.measured, "kept: nothing is measured twice"
        assert again.info.form == form
        named = build_encoder("int8", threads=2, candidate=form, **TINY)
        assert again.encode(TEXTS).tobytes() == named.encode(TEXTS).tobytes()


def test_a_form_that_is_named_is_that_of_its_own_kind():
    named = build_encoder("int8", candidate="onnx_unfused", threads=2, **TINY)
    own = build_encoder("onnx", precision="int8", form="unfused", threads=2, **TINY)
    assert (named.info.form, named.info.measured) == ("onnx_unfused", {})
    assert (named.info.precision, named.info.products) == ("int8", own.info.products)
    assert np.array_equal(named.encode(TEXTS), own.encode(TEXTS))


def test_it_is_compared_with_the_exact_model():
    reference = exact_reference("int8", {"model": "minilm", "candidate": "openvino", "max_tokens": 64})
    assert reference == {
        "kind": "transformer",
        "model": "minilm",
        "max_tokens": 64,
        "precision": "fp32",
        "compiled": False,
        "graphs": False,
        "unpadded": False,
        "batch_tokens": 512,
    }
    with pytest.raises(BadOptions, match="candidate"):
        check_options("int8", {"candidate": "fastest"})
