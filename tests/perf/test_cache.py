"""What a hit of the cache in memory costs beside a miss with MiniLM in int8. Run by `make perf`.

A hit is all that a request pays for its text: the key of the cleaned text, the look-up, and the vector in its batch.
Wanted is 1 % of a miss; the test asks for 5 %, which no machine that is merely busy exceeds. share_of_miss: as found,
hits and misses by turns.
"""

import statistics

import pytest

from bench.clock import MonotonicClock
from recsys.caches import build_cache
from recsys.catalogue import Catalogue
from recsys.data.loading import load_dataset
from recsys.encoders import build_encoder
from recsys.encoders.batching import forward_all
from recsys.encoders.cached import CachedEncoder

CLOCK = MonotonicClock()
N = 40


@pytest.fixture(scope="module")
def titles():
    return Catalogue.of(load_dataset("embedded", data_dirs=[]).items).titles[:N]


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("onnx", model="minilm", precision="int8")


@pytest.fixture(scope="module")
def cached(encoder, titles):
    filled = CachedEncoder(encoder, build_cache("memory", {}))
    filled.encode(titles)
    return filled


def answer(encoder, texts):
    return forward_all(encoder, encoder.prepare(texts)).vectors


def took_ns(encoder, title):
    """For a text that was just made, whose hash nobody knows."""
    text = "".join(list(title))
    start_ns = CLOCK.now_ns()
    answer(encoder, [text])
    return CLOCK.now_ns() - start_ns


def test_a_hit(benchmark, encoder, cached, titles):
    took = [(took_ns(cached, title), took_ns(encoder, title)) for title in titles]
    hit_ns, miss_ns = (statistics.median(of_one) for of_one in zip(*took, strict=True))
    benchmark.extra_info["share_of_miss"] = round(hit_ns / miss_ns, 4)
    benchmark(answer, cached, titles[:1])
    assert hit_ns < 0.05 * miss_ns


def test_a_miss(benchmark, encoder, titles):
    benchmark(answer, encoder, titles[:1])


def test_hits_of_forty_texts(benchmark, cached, titles):
    benchmark(answer, cached, titles)
