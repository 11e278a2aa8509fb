"""Every text step keeps the contract of recsys.features.text.step, with its default options."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.errors import BadOptions
from recsys.features.text import DEFAULT_STEPS, TEXT_STEPS, build_cleaner
from recsys.features.text.step import TextStep
from recsys.options import parse_options

KINDS = TEXT_STEPS.kinds()
CATALOGUE = ["A red kettle, with a lid", "The red kettle sings", "科幻电影"]


@pytest.fixture(scope="module", params=KINDS)
def step(request: pytest.FixtureRequest) -> TextStep:
    """Each step alone, fitted on a small catalogue."""
    if missing := TEXT_STEPS.entry(request.param).missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    plugin = TEXT_STEPS.get(request.param)
    built: TextStep = plugin(parse_options(plugin.Options, {}, request.param))
    built.fit(CATALOGUE)
    return built


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=[]), max_size=80))
def test_any_text_becomes_a_text_and_always_the_same(step: TextStep, text: str) -> None:
    assert isinstance(step(text), str)
    assert step(text) == step(text)


def test_an_empty_text_stays_empty(step: TextStep) -> None:
    assert step("") == ""


def test_plain_lower_case_words_keep_their_number(step: TextStep) -> None:
    assert len(step("red kettle lid").split()) == 3


def test_a_step_alone_is_what_the_cleaner_does_with_it(step: TextStep) -> None:
    kind = next(kind for kind in KINDS if TEXT_STEPS.get(kind) is type(step))
    cleaner = build_cleaner(dict.fromkeys(DEFAULT_STEPS, False) | {kind: True})
    cleaner.fit(CATALOGUE)
    assert [type(one) for one in cleaner.steps] == [type(step)]
    for text in ["<b>Reds</b> &amp; THE ketle 🎬 https://example.com/a!", *CATALOGUE]:
        assert cleaner(text) == " ".join(step(text).split())


def test_no_two_steps_have_the_same_place() -> None:
    orders = [TEXT_STEPS.get(kind).ORDER for kind in KINDS]
    assert len(set(orders)) == len(orders)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_option_is_refused_with_the_known_ones(kind: str) -> None:
    with pytest.raises(BadOptions, match="nonsense.*Known options"):
        build_cleaner({kind: {"nonsense": 1}})
