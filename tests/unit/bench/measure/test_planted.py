"""What cannot be planted is refused by name."""

import pytest
from small_data import make_dataset
from small_recommender import make_recommender

from bench.errors import ConfigError
from bench.measure.planted import plant_sleeps


@pytest.mark.parametrize("stage", ["first_token", "more_tokens"])
def test_the_stages_within_re_ranking_have_no_method_of_their_own(stage):
    with pytest.raises(ConfigError, match=f"{stage}, which is a part of re-ranking"):
        plant_sleeps(make_recommender(make_dataset()), {stage: 5.0})
