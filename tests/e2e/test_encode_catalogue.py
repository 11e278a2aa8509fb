"""The verb encode-catalogue: killed and made again it writes the same bytes, and it refuses what is not its own."""

import json

import numpy as np
import pytest
from many_texts import N, files_of, kill_after, words, write_many

from bench.cli import main
from recsys.vector_shards import load_item_vectors, read_manifest

SMALL = ("--shard-texts", "25")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return write_many(tmp_path_factory.mktemp("encode"))


@pytest.mark.parametrize("arm", ["hashing", pytest.param("slow", marks=pytest.mark.verify)])
def test_killed_twice_and_made_again_it_writes_the_same_bytes(place, tmp_path, capsys, arm):
    """So many small shards that they take seconds to write, whoever encodes; `verify` takes a language model."""
    shards = 5_400 // 25  # different texts
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    kill_after(3, words(place, disturbed, arm, *SMALL), disturbed)
    first = len(list(disturbed.glob("shard-*")))
    kill_after(first + 3, words(place, disturbed, arm, *SMALL), disturbed)
    (disturbed / ".shard-000000.parquet.1.tmp").write_bytes(b"half")
    assert first + 3 <= len(list(disturbed.glob("shard-*"))) < shards
    assert main(words(place, disturbed, arm, *SMALL)) == 0
    assert main(words(place, undisturbed, arm, *SMALL)) == 0
    assert files_of(disturbed) == files_of(undisturbed)
    assert len(files_of(undisturbed)) == shards + 1
    kept = {path: path.stat().st_mtime_ns for path in undisturbed.glob("shard-*")}
    capsys.readouterr()
    assert main(words(place, undisturbed, arm, *SMALL)) == 0
    assert "all there already" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in undisturbed.glob("shard-*")} == kept


class KnownCeiling:
    """In the place of the process that measures how many products a second this machine computes."""

    PER_S = 1e15

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def ask(self, task):
        assert (task.precision, task.device) == ("fp32", "cpu")
        return self.PER_S


def test_a_language_models_work_is_put_beside_what_the_machine_can_do(place, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("bench.experiments.encode_catalogue.study.MeasuringProcess", KnownCeiling)
    told = tmp_path / "told.json"
    assert main([*words(place, tmp_path / "vectors", "slow"), "--json", str(told)]) == 0
    assert "of this machine's fp32 products" in capsys.readouterr().out
    found = json.loads(told.read_text())
    assert found["ceiling_per_s"] == KnownCeiling.PER_S
    assert found["share_of_ceiling"] == pytest.approx(found["flops_per_s"] / KnownCeiling.PER_S)


def test_it_says_what_it_did_and_what_it_wrote_can_be_loaded(place, tmp_path, capsys):
    out, told = tmp_path / "vectors", tmp_path / "told.json"
    assert main([*words(place, out), "--json", str(told)]) == 0
    said = capsys.readouterr()
    assert "6,000 items, 5,400 different texts, 18 shards" in said.out
    assert "texts/s" in said.out
    assert said.err == "", "no bar where nobody looks"
    loaded = load_item_vectors(out)
    assert loaded.item_ids == tuple(f"i{number}" for number in range(N))
    norms = np.linalg.norm(loaded.vectors, axis=1)
    assert norms[norms > 0] == pytest.approx(1, abs=1e-5)
    assert (norms == 0).mean() < 0.01, "words whose hashes cancel"
    assert np.array_equal(loaded.vectors[9], loaded.vectors[8])
    found = json.loads(told.read_text())
    assert (found["new_shards"], found["new_texts"]) == (18, 5_400)
    assert found["share_of_ceiling"] is None, "no language model"
    assert found["manifest"] == read_manifest(out).model_dump(mode="json")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--shard-texts", "299"], "texts_per_shard"),
        (["--shard-texts", "300", "--set", "arm.hashing.encoder.dim=32"], "dim"),
        (["--shard-texts", "300", "--set", "arm.hashing.text.emoji=false"], "scenario_sha256"),
    ],
)
def test_other_vectors_in_the_folder_are_refused(place, tmp_path, capsys, change, named):
    assert main(words(place, tmp_path / "vectors")) == 0
    before = files_of(tmp_path / "vectors")
    assert main(words(place, tmp_path / "vectors", "hashing", *change)) == 2
    assert f"{named} is" in capsys.readouterr().err
    assert files_of(tmp_path / "vectors") == before


def test_vectors_too_long_an_unknown_engine_and_an_unknown_arm_are_refused(place, tmp_path, capsys):
    assert main(words(place, tmp_path / "wide", "wide")) == 2
    assert "encoder.dim" in capsys.readouterr().err
    assert main(words(place, tmp_path / "far", "hashing", "--engine", "remote")) == 2
    assert 'unknown engine "remote"' in capsys.readouterr().err
    assert main(words(place, tmp_path / "none", "nobody")) == 2
    assert "nobody" in capsys.readouterr().err


def test_two_at_once_do_not_write_into_one_folder(place, tmp_path, capsys):
    from filelock import FileLock

    out = tmp_path / "vectors"
    out.mkdir()
    with FileLock(out / ".lock"):
        assert main(words(place, out)) == 2
    assert "another encode-catalogue" in capsys.readouterr().err
