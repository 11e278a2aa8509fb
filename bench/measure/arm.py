"""From an arm's table to a recommender that can serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.errors import ConfigError
from bench.measure.planted import plant_sleeps
from bench.scenario import ArmTable, Scenario
from recsys.catalogue import Catalogue
from recsys.data import Dataset
from recsys.encoders import build_encoder
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import Encoder
from recsys.features.profile import ProfileStore
from recsys.index import build_index
from recsys.options import parse_options
from recsys.pipeline import Parts, Recommender
from recsys.placement import PLACEMENTS
from recsys.ranking import RANKERS
from recsys.serving import SERVINGS
from recsys.serving.protocols import Clock
from recsys.types import Vectors

BYTES_PER_MB = 1_000_000


@dataclass(frozen=True)
class EncodedCatalogue:
    """The catalogue, its vectors, the encoder that made them, and the cache around it in the request path, if any."""

    catalogue: Catalogue
    item_vectors: Vectors
    encoder: Encoder
    cache: CachedEncoder | None

    @property
    def in_path(self) -> Encoder:
        """What encodes in a request."""
        return self.encoder if self.cache is None else self.cache


@dataclass(frozen=True)
class BuiltArm:
    """An arm ready to serve."""

    recommender: Recommender
    serving: Any
    encoded: EncodedCatalogue


def build_arm(scenario: Scenario, arm: ArmTable, dataset: Dataset, clock: Clock) -> BuiltArm:
    """Build the encoder, encode the catalogue, fill the index.

    Raises ConfigError when parts contradict each other, and RecsysError when one cannot be had here.
    """
    encoded = encode_catalogue(scenario, arm, dataset, clock)
    recommender = build_recommender(scenario, arm, dataset, encoded)
    plant_sleeps(recommender, arm.planted_sleep_ms)
    serving = SERVINGS.get(arm.serving.kind)
    options = parse_options(serving.Options, arm.serving.options, f'serving "{arm.serving.kind}"')
    return BuiltArm(recommender, serving(options), encoded)


def encode_catalogue(scenario: Scenario, arm: ArmTable, dataset: Dataset, clock: Clock) -> EncodedCatalogue:
    """Build the arm's encoder, fit it on what is known at t0, and encode every item."""
    catalogue = Catalogue.of(dataset.items)
    _check_k(scenario, catalogue)
    encoder = build_encoder(
        arm.encoder.kind, device=arm.device, threads=arm.threads, clock=clock, **arm.encoder.options
    )
    _check_placement(arm, encoder)
    encoder.fit(catalogue.texts_known_at(dataset.split_s(scenario.data.train_share)))
    cache = CachedEncoder(encoder, round(arm.cache.capacity_mb * BYTES_PER_MB)) if arm.cache else None
    return EncodedCatalogue(catalogue, encoder.encode(catalogue.texts), encoder, cache)


def build_recommender(scenario: Scenario, arm: ArmTable, dataset: Dataset, encoded: EncodedCatalogue) -> Recommender:
    """The arm's recommender on a catalogue encoded by its encoder."""
    ranker = RANKERS.get(arm.ranking.kind)
    ranking = parse_options(ranker.Options, arm.ranking.options, f'ranking "{arm.ranking.kind}"')
    catalogue, vectors, index = encoded.catalogue, encoded.item_vectors, arm.index
    parts = Parts(
        catalogue=catalogue,
        encoder=encoded.in_path,
        placement=PLACEMENTS.get(arm.placement)(catalogue, encoded.in_path, vectors),
        index=build_index(index.kind if index else None, vectors, **(index.options if index else {})),
        ranker=ranker(ranking, catalogue),
        profiles=ProfileStore(dataset.by_user, scenario.profile_options),
    )
    return Recommender(parts, scenario.retrieval_options)


def _check_k(scenario: Scenario, catalogue: Catalogue) -> None:
    if scenario.requests.k > len(catalogue):
        raise ConfigError(
            f"scenario {scenario.name}: requests.k = {scenario.requests.k}, but the catalogue has {len(catalogue)} "
            "items. Next: lower requests.k"
        )


def _check_placement(arm: ArmTable, encoder: Encoder) -> None:
    needs_model = PLACEMENTS.get(arm.placement).needs_model
    if needs_model and not encoder.info.has_model:
        raise ConfigError(
            f'arm "{arm.name}": placement "{arm.placement}" puts a model into the path, but encoder '
            f'"{arm.encoder.kind}" has none. Next: placement = "none"'
        )
    if not needs_model and encoder.info.has_model:
        raise ConfigError(
            f'arm "{arm.name}": placement "none" is for encoders without a model, but "{arm.encoder.kind}" is one. '
            f"Next: one of {', '.join(kind for kind in PLACEMENTS.kinds() if kind != 'none')}"
        )
