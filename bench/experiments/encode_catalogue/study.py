"""Encode a catalogue into a folder: what is there already stays, what is missing is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from bench.clock import NS_PER_S, MonotonicClock
from bench.errors import ConfigError
from bench.experiments.calibration.process import MeasuringProcess
from bench.experiments.encode_catalogue.cut import CatalogueCut
from bench.experiments.encode_catalogue.engines import ENGINES, Engine, Labour
from bench.experiments.encode_catalogue.outcome import EncodedFolder, NewlyEncoded
from bench.experiments.encode_catalogue.recipe import EncoderRecipe
from bench.experiments.encode_catalogue.shard import Destination, ShardReport
from bench.experiments.roofline.ceilings import PRECISIONS, ProductCeiling
from bench.measure.arm import clean_catalogue
from bench.measure.knobs.threads import default_threads
from bench.scenario import ArmTable, Scenario
from bench.store import replace_file
from recsys.data.loading import load_dataset
from recsys.encoders import check_options
from recsys.encoders.pretrained import ModelOptions
from recsys.encoders.protocol import EncoderInfo
from recsys.encoders.runtime import usable_processors
from recsys.features.text.noise import Noise, noisy_dataset
from recsys.models.locate import locate
from recsys.models.work import ForwardWork, forward_work
from recsys.options import parse_options
from recsys.vector_shards import MANIFEST_FILE, VectorManifest, catalogue_sha256, missing_shards, read_manifest

MOST_DIMENSIONS = 16_384
"""A vector of so many numbers takes 64 kB on disk; more are those of hashed words, of which nearly all are 0."""
LOCK_FILE = ".lock"

Progress = Callable[[int, int], None]
"""(texts that are done, those that were there already included; all texts)."""


@dataclass(frozen=True)
class EncodingRequest:
    """What is to be encoded. scenario: with this one arm. folder: where the shards go.

    engine: its kind; engine_options: its own.
    """

    scenario: Scenario
    data_dirs: tuple[Path, ...]
    folder: Path
    engine: str
    texts_per_shard: int
    engine_options: Mapping[str, Any]

    @property
    def arm(self) -> ArmTable:
        """The arm whose encoder it is."""
        return self.scenario.arm[0]


def encode_into(request: EncodingRequest, progress: Progress) -> EncodedFolder:
    """Write the shards that are missing. Raises ConfigError for a folder of other vectors or in use by another run.

    Raises RecsysError and ConfigError for an arm that cannot be built, as a run does.
    """
    clock = MonotonicClock()
    start_ns = clock.now_ns()
    ids, texts, recipe = _catalogue(request)
    cut = CatalogueCut(ids, texts, request.texts_per_shard)
    with _alone(request.folder), _engine(request, recipe) as engine:
        manifest = _manifest(request, recipe, engine.describe(), catalogue_sha256(ids, texts), len(ids), cut.n_texts)
        _claim(request.folder, manifest)
        missing = missing_shards(request.folder, manifest)
        tally = Tally(_work(request.arm))
        done = manifest.texts - sum(_texts_in(manifest, number) for number in missing)
        progress(done, manifest.texts)
        for report in engine.encode(cut.shards(missing), Destination(request.folder, manifest.sha256)):
            tally.add(report)
            progress(done + tally.texts, manifest.texts)
        _tidy(request.folder)
        wall_s = (clock.now_ns() - start_ns) / NS_PER_S
    return _outcome(request.folder, manifest, tally, engine.labour, wall_s)


class Tally:
    """What the shards of one call took together."""

    def __init__(self, work: ForwardWork | None) -> None:
        self._work = work
        self.shards = self.texts = self.tokens = 0
        self.flops = 0.0
        self._busy_ns: Counter[str] = Counter()

    def add(self, report: ShardReport) -> None:
        """One shard more."""
        self.shards += 1
        self.texts += len(report.n_tokens)
        self.tokens += int(report.n_tokens.sum())
        self._busy_ns[report.worker] += report.encode_ns
        if self._work is not None:
            self.flops += self._work.flops(report.n_tokens)

    @property
    def encode_s(self) -> float:
        """Of the worker who was busy longest, while which all was encoded."""
        return max(self._busy_ns.values(), default=0) / NS_PER_S


def _catalogue(request: EncodingRequest) -> tuple[Sequence[str], list[str], EncoderRecipe]:
    """Ids and cleaned texts of the items, as the arm's own run has them, and its encoder's recipe."""
    scenario, arm, data = request.scenario, request.arm, request.scenario.data
    dataset = load_dataset(data.kind, data_dirs=request.data_dirs, **data.options)
    dataset = noisy_dataset(dataset, Noise(scenario.text_of(arm).planted))
    _, catalogue = clean_catalogue(scenario, arm, dataset)
    known = catalogue.texts_known_at(dataset.split_s(data.train_share))
    threads = arm.threads or default_threads() or usable_processors()
    return catalogue.item_ids, catalogue.texts, EncoderRecipe(arm.encoder, arm.device, threads, tuple(known))


def _manifest(
    request: EncodingRequest, recipe: EncoderRecipe, info: EncoderInfo, catalogue: str, items: int, texts: int
) -> VectorManifest:
    """Raises ConfigError for vectors that are too long to be written number by number."""
    if info.dim > MOST_DIMENSIONS:
        raise ConfigError(
            f'arm "{request.arm.name}": its vectors have {info.dim:,} numbers, of which shards hold every one; '
            f"{MOST_DIMENSIONS:,} at the most. Next: --set arm.{request.arm.name}.encoder.dim=256, or another arm"
        )
    return VectorManifest(
        scenario=request.scenario.name,
        scenario_sha256=request.scenario.hash,
        arm=request.arm.name,
        encoder=recipe.encoder.model_dump(mode="json"),
        revision=info.revision,
        precision=info.precision,
        prompt=info.prompt,
        max_tokens=info.max_tokens,
        dim=info.dim,
        device=info.device,
        threads=recipe.threads,
        catalogue_sha256=catalogue,
        items=items,
        texts=texts,
        texts_per_shard=request.texts_per_shard,
    )


def _alone(folder: Path) -> AbstractContextManager[object]:
    """A folder, made where it is missing, that nobody else writes into until the context ends. Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / LOCK_FILE).acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"--out {folder}: another encode-catalogue writes into it. Next: wait for its end") from error
    except OSError as error:
        raise ConfigError(f"--out {folder}: cannot be written: {error}. Next: another folder") from error


def _claim(folder: Path, manifest: VectorManifest) -> None:
    """Write the manifest into a new folder, or raise ConfigError unless the one there says the same."""
    path = folder / MANIFEST_FILE
    if path.exists():
        if differences := read_manifest(folder).differences(manifest):
            raise ConfigError(
                f"--out {folder}: other vectors lie there: {'; '.join(differences)}. Next: another --out, or the same "
                "scenario, arm and data as there"
            )
    else:
        text = manifest.model_dump_json(indent=1) + "\n"
        replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    _tidy(folder)


def _tidy(folder: Path) -> None:
    """Remove what was left behind by a call, or a worker of an engine, that was killed while it wrote."""
    for left_over in folder.glob(".*.tmp"):
        left_over.unlink(missing_ok=True)


def _engine(request: EncodingRequest, recipe: EncoderRecipe) -> Engine:
    """Raises UnknownKind, MissingLibrary, BadOptions, and what the engine raises."""
    engine = ENGINES.get(request.engine)
    return engine(parse_options(engine.Options, request.engine_options, f'engine "{request.engine}"'), recipe)


def _texts_in(manifest: VectorManifest, number: int) -> int:
    return min(manifest.texts_per_shard, manifest.texts - number * manifest.texts_per_shard)


def _work(arm: ArmTable) -> ForwardWork | None:
    """What a forward pass has to compute; None without a language model."""
    options = check_options(arm.encoder.kind, arm.encoder.options)
    if not isinstance(options, ModelOptions):
        return None
    return forward_work(locate(options.model, options.weights, options.seed))


def _outcome(folder: Path, manifest: VectorManifest, tally: Tally, labour: Labour, wall_s: float) -> EncodedFolder:
    """With the ceiling beside it, measured now, where there is something here to be put beside it."""
    flops_per_s = ceiling_per_s = None
    if tally.flops:
        flops_per_s = tally.flops / tally.encode_s
        if labour.is_here and manifest.precision in PRECISIONS:
            threads = labour.workers * labour.threads
            with MeasuringProcess() as process:
                ceiling_per_s = process.ask(ProductCeiling(manifest.precision, threads, manifest.device))
    did = NewlyEncoded(tally.shards, tally.texts, tally.tokens, labour.workers, labour.threads)
    return EncodedFolder(folder, manifest, did, tally.encode_s, wall_s, flops_per_s, ceiling_per_s or None)
