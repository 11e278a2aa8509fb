"""From an arm's table to a recommender that can serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from bench.errors import ConfigError
from bench.measure.crew import Member
from bench.measure.knobs.threads import default_threads
from bench.measure.planted import plant_double_encode, plant_sleeps
from bench.measure.stored_vectors import stored_vectors
from bench.scenario import ArmTable, Scenario
from recsys.caches import VectorStore, build_cache
from recsys.catalogue import Catalogue
from recsys.data import Dataset
from recsys.encoders import build_encoder
from recsys.encoders.batching import check_vectors
from recsys.encoders.cached import CachedEncoder
from recsys.encoders.protocol import Encoder
from recsys.encoders.runtime import usable_processors
from recsys.errors import BadVectors
from recsys.features.profile import ProfileStore
from recsys.features.text import TextCleaner, build_cleaner
from recsys.index import build_index
from recsys.options import parse_options
from recsys.parts import Parts
from recsys.pipeline import Recommender
from recsys.placement import PLACEMENTS
from recsys.ranking import RANKERS, Material
from recsys.reranking import Material as RerankerMaterial
from recsys.reranking import Reranker, build_reranker
from recsys.serving import SERVINGS
from recsys.serving.protocols import Clock
from recsys.types import Vectors


@dataclass(frozen=True)
class EncodedCatalogue:
    """The catalogue, its vectors, the encoder that made them, and what encodes in a request: it, or a cache around it.

    cleaner: what cleaned the catalogue's texts.
    """

    cleaner: TextCleaner
    catalogue: Catalogue
    item_vectors: Vectors
    encoder: Encoder
    in_path: Encoder

    def beside(self, encoder: Encoder) -> Encoder:
        """What encodes in another worker's requests: this encoder, with the first worker's cache where it has one."""
        return self.in_path.beside(encoder) if isinstance(self.in_path, CachedEncoder) else encoder


@dataclass(frozen=True)
class BuiltArm:
    """An arm ready to serve: one member of the crew a worker thread. encoded: what each member's encoder is."""

    crew: tuple[Member, ...]
    encoded: EncodedCatalogue

    @property
    def recommender(self) -> Recommender:
        """The first worker's."""
        return self.crew[0].recommender

    @property
    def cache(self) -> VectorStore | None:
        """Where the workers' common cache keeps its vectors, None where the arm has none."""
        return self.encoded.in_path.store if isinstance(self.encoded.in_path, CachedEncoder) else None


def build_arm(scenario: Scenario, arm: ArmTable, dataset: Dataset, clock: Clock) -> BuiltArm:
    """Build the encoder, encode the catalogue, fill the index.

    Raises ConfigError when parts contradict each other, and RecsysError when one cannot be had here.
    """
    encoded = encode_catalogue(scenario, arm, dataset, clock)
    first = build_recommender(scenario, arm, dataset, encoded)
    t0_s = dataset.split_s(scenario.data.train_share)
    others = [
        first.beside(encoded.beside(_fitted(arm, encoded.catalogue, t0_s, clock))) for _ in range(arm.workers - 1)
    ]
    serving = SERVINGS.get(arm.serving.kind)
    options = parse_options(serving.Options, arm.serving.options, f'serving "{arm.serving.kind}"')
    for recommender in (first, *others):
        plant_sleeps(recommender, arm.planted_sleep_ms)
        if arm.planted_double_encode:
            plant_double_encode(recommender)
    return BuiltArm(tuple(Member(serving(options), recommender) for recommender in (first, *others)), encoded)


def encode_catalogue(scenario: Scenario, arm: ArmTable, dataset: Dataset, clock: Clock) -> EncodedCatalogue:
    """Build the arm's cleaner and encoder, fit them on what is known at t0, clean and encode every item.

    Where the arm names vectors that were encoded earlier, these are read instead. Raises ConfigError for an arm whose
    recommender is somebody else's, and what `stored_vectors` raises.
    """
    if arm.is_foreign:
        raise ConfigError(f'arm "{arm.name}": its recommender cannot be built here. Next: choose others with --arm')
    cleaner, catalogue = clean_catalogue(scenario, arm, dataset)
    _check_k(scenario, catalogue)
    encoder = _fitted(arm, catalogue, dataset.split_s(scenario.data.train_share), clock)
    vectors = stored_vectors(arm, encoder, catalogue) if arm.item_vectors else encoder.encode(catalogue.texts)
    _check_vectors(arm, vectors, len(catalogue), encoder.info.dim)
    return EncodedCatalogue(cleaner, catalogue, vectors, encoder, _in_path(arm, encoder))


def clean_catalogue(scenario: Scenario, arm: ArmTable, dataset: Dataset) -> tuple[TextCleaner, Catalogue]:
    """The arm's cleaner, fitted on what is known at t0, and the catalogue cleaned by it."""
    cleaner = build_cleaner(scenario.text_of(arm).steps)
    cleaner.fit(Catalogue.of(dataset.items, str).texts_known_at(dataset.split_s(scenario.data.train_share)))
    return cleaner, Catalogue.of(dataset.items, cleaner)


def _fitted(arm: ArmTable, catalogue: Catalogue, t0_s: int, clock: Clock) -> Encoder:
    """An encoder of the arm, fitted on what is known at t0."""
    threads = arm.threads or default_threads()
    encoder = build_encoder(arm.encoder.kind, device=arm.device, threads=threads, clock=clock, **arm.encoder.options)
    _check_placement(arm, encoder)
    encoder.fit(catalogue.texts_known_at(t0_s))
    return encoder


def _in_path(arm: ArmTable, encoder: Encoder) -> Encoder:
    """What encodes in a request: the encoder, or a cache around it."""
    return CachedEncoder(encoder, build_cache(arm.cache.kind, arm.cache.options)) if arm.cache else encoder


def build_recommender(scenario: Scenario, arm: ArmTable, dataset: Dataset, encoded: EncodedCatalogue) -> Recommender:
    """The arm's recommender on a catalogue encoded by its encoder."""
    ranker = RANKERS.get(arm.ranking.kind)
    ranking = parse_options(ranker.Options, arm.ranking.options, f'ranking "{arm.ranking.kind}"')
    catalogue, vectors, index = encoded.catalogue.copy(), encoded.item_vectors, arm.index  # ingests change the copy
    t0_s, profile = dataset.split_s(scenario.data.train_share), scenario.profile_options
    parts = Parts(
        items=dataset.items,
        catalogue=catalogue,
        encoder=encoded.in_path,
        placement=PLACEMENTS.get(arm.placement)(catalogue, encoded.in_path, vectors),
        index=build_index(index.kind if index else None, vectors, **(index.options if index else {})),
        ranker=ranker(ranking, Material(dataset, catalogue, vectors, encoded.encoder, t0_s, profile, scenario.seed)),
        profiles=ProfileStore(dataset.by_user, profile),
        cleaner=encoded.cleaner,
        reranker=_reranker(scenario, arm, catalogue),
        forgets_profiles=_forgets_profiles(arm),
    )
    return Recommender(parts, scenario.retrieval_options)


def _reranker(scenario: Scenario, arm: ArmTable, catalogue: Catalogue) -> Reranker | None:
    """The arm's re-ranker on its catalogue, None without one. Raises ConfigError where it wants more than there is."""
    if arm.reranking is None:
        return None
    threads = arm.threads or default_threads() or usable_processors()
    material = RerankerMaterial(catalogue, scenario.requests.k, arm.device, threads)
    reranker = build_reranker(arm.reranking.kind, arm.reranking.options, material)
    handed, found = reranker.info.candidates, scenario.retrieval_options.candidates
    if handed > found:
        raise ConfigError(
            f'arm "{arm.name}": reranking.candidates = {handed}, but the ranker is handed {found} items itself. '
            f"Next: lower it, or set retrieval.candidates = {handed}"
        )
    return reranker


def _forgets_profiles(arm: ArmTable) -> bool:
    """Whether feedback drops the user's text from the cache. Raises ConfigError where no such text is in it."""
    if arm.cache is None or not arm.cache.forget_on_feedback:
        return False
    if arm.placement != "profile":
        raise ConfigError(
            f'arm "{arm.name}": cache.forget_on_feedback drops profile texts, and placement "{arm.placement}" encodes '
            'none. Next: leave it out, or set placement = "profile"'
        )
    return True


def _check_k(scenario: Scenario, catalogue: Catalogue) -> None:
    if scenario.requests.k > len(catalogue):
        raise ConfigError(
            f"scenario {scenario.name}: requests.k = {scenario.requests.k}, but the catalogue has {len(catalogue)} "
            "items. Next: lower requests.k"
        )


def _check_vectors(arm: ArmTable, vectors: Vectors, rows: int, dim: int) -> None:
    """Raise BadVectors, with the arm's name, for an encoder whose vectors no index may be filled with."""
    if isinstance(vectors, np.ndarray) or scipy.sparse.issparse(vectors):  # a device's own stay where they are
        try:
            check_vectors(vectors, rows, dim)
        except BadVectors as error:
            raise BadVectors(f'arm "{arm.name}": {error}') from error


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
