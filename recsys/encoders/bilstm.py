"""A small bidirectional LSTM that is trained on the catalogue: a learnt encoder of before transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from recsys.encoders import ENCODERS
from recsys.encoders.pretrained import LoadedModel, ModelOptions, PretrainedEncoder
from recsys.encoders.runtime import Runtime
from recsys.errors import DataError
from recsys.models.artefacts import ArtefactCache, Recipe
from recsys.models.locate import locate
from recsys.models.token_table import token_table
from recsys.options import OptionsModel
from recsys.types import TokenIds

if TYPE_CHECKING:
    from recsys.models.contrastive import Training

REQUIRES = ("torch", "tokenizers", "safetensors", "filelock")

RECIPE_VERSION = 1
"""Raise when a change of network or training changes the weights, so that cached ones are not used."""


class BiLstmOptions(ModelOptions):
    """model: whose tokenizer and token table; the table is not trained. seed: of the first weights, crops and batches.

    hidden_units: of each direction; a vector has twice as many numbers. epochs: passes over the catalogue, max_steps:
    batches of 64 texts at most, whatever the catalogue's size.
    """

    hidden_units: int = Field(128, ge=1)
    epochs: int = Field(8, ge=0)
    max_steps: int = Field(400, ge=0)


@ENCODERS.register("bilstm")
class BiLstmEncoder(PretrainedEncoder):
    """The mean state of a bidirectional LSTM over the token table of a language model.

    It is trained in fit, without labels: pieces that stand side by side in one text belong together. Training is part
    of an arm's load time, the first time: what it gives is kept in the artefact cache, by the hash of the texts and of
    all settings. info.weights_bytes counts table and LSTM, weights_sha256 is the LSTM's.
    """

    Options: ClassVar[type[OptionsModel]] = BiLstmOptions
    DEVICES: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    WANTS_CLOCK: ClassVar[bool] = False
    EXACT: ClassVar[Mapping[str, object]] = {"kind": "bilstm", "batch_tokens": 1024}

    def __init__(self, options: BiLstmOptions, runtime: Runtime) -> None:
        """Read the token table. threads are set for all of PyTorch in this process. Raises ModelError."""
        import torch

        from recsys.models.bilstm import BiLstm

        torch.set_num_threads(runtime.threads)
        files = locate(options.model, options.weights, options.seed)
        model = LoadedModel(files, 2 * options.hidden_units, options.max_tokens, "fp32", batch_tolerance=1e-6)
        super().__init__(options, runtime, model)
        self._options = options
        self._table_id = files.weights_sha256 or files.revision
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            self._network = BiLstm(token_table(files), options.hidden_units)
        self._fitted = False

    def fit(self, texts: Sequence[str]) -> None:
        """Train on these texts, or take the weights of an earlier training on the same."""
        from recsys.models.contrastive import Training

        super().fit(texts)
        distinct = list(dict.fromkeys(texts))
        training = Training(self._options.epochs, self._options.max_steps, self._options.seed)
        recipe = self._recipe(distinct, training)
        path = ArtefactCache().get(recipe, lambda target: self._train(self.prepare(distinct), training, target))
        self._network.load(path)
        self._network.to(self.info.device).eval()
        self._fitted = True
        content = path.read_bytes()
        self.info = replace(
            self.info,
            revision=recipe.key,
            weights_bytes=self._network.table.nbytes + len(content),
            weights_sha256=hashlib.sha256(content).hexdigest(),
            pads=False,
        )

    def _recipe(self, texts: Sequence[str], training: Training) -> Recipe:
        """Everything the weights depend on."""
        digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass"))
        inputs = {
            "recipe_version": RECIPE_VERSION,
            "table": self._table_id,
            "texts": digest.hexdigest(),
            "max_tokens": self._options.max_tokens,
            "prompt": self._options.prompt,
            "hidden_units": self._options.hidden_units,
            "torch": version("torch"),
            **training.settings(),
        }
        return Recipe("bilstm", "lstm.safetensors", inputs)

    def _train(self, texts: TokenIds, training: Training, path: Path) -> None:
        """Train on the CPU, whatever the device: a seed gives the same weights on each."""
        from recsys.models.contrastive import train

        train(self._network, texts, training)
        self._network.save(path)

    def _embed(self, ids: npt.NDArray[np.int32], mask: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.float32]:
        """Raise DataError before a fit: there are no weights yet."""
        import torch

        if not self._fitted:
            raise DataError("bilstm has not been trained yet. Next: call fit with the texts of the catalogue")
        with torch.inference_mode():
            on_device = torch.from_numpy(ids).to(self.info.device)
            visible = None if mask is None else torch.from_numpy(mask).to(self.info.device)
            vectors: npt.NDArray[np.float32] = self._network(on_device, visible).cpu().numpy()
        return vectors
