"""No language model: a baseline encoder's item vectors are looked up and averaged, and queries counted in its words."""

from __future__ import annotations

from recsys.placement import PLACEMENTS
from recsys.placement.offline import OfflinePlacement


@PLACEMENTS.register("none")
class NonePlacement(OfflinePlacement):
    """The same arithmetic as `offline`, for an encoder without a model: what differs between the arms is the model."""

    needs_model = False
