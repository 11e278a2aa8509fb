"""A run on vectors that encode-catalogue wrote: its lists are those of one that encodes for itself, or it says no."""

import re
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from mini_scenario import made_run, rows_of, scenario_text, write_scenario

from bench.cli import main

WORDS = """\
[[arm]]
name = "words"
encoder = { kind = "hashing", dim = 64 }
placement = "none"
"""
FAKE = """\
[[arm]]
name = "fake"
encoder = { kind = "fake", dim = 16 }
placement = "profile"
"""
TEXT = scenario_text(arms=WORDS + FAKE)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """A folder with those of each arm, under its name."""
    folder = tmp_path_factory.mktemp("vectors")
    file = write_scenario(folder, TEXT)
    for arm in ("words", "fake"):
        assert main(["encode-catalogue", file, "--arm", arm, "--out", str(folder / arm)]) == 0
    return folder


def reading(vectors, **folders):
    """The scenario's text, each named arm with the vectors of the folder that is named for it."""
    arms = "".join(
        text + (f'item_vectors = "{vectors / folders[arm]}"\n' if arm in folders else "")
        for arm, text in (("words", WORDS), ("fake", FAKE))
    )
    return scenario_text(arms=arms)


def test_sparse_or_dense_the_lists_are_those_of_a_run_that_encodes_for_itself(tmp_path, vectors):
    lists = []
    for name, text in (("own", TEXT), ("read", reading(vectors, words="words", fake="fake"))):
        (tmp_path / name).mkdir()
        rows = rows_of(made_run(tmp_path / name, text)).sort_values(["arm", "row"])
        lists.append(rows[["arm", "row", "recommended"]].assign(recommended=rows["recommended"].map(tuple)))
    pd.testing.assert_frame_equal(*(each.reset_index(drop=True) for each in lists))
    assert lists[0]["recommended"].map(len).max() == 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "arm.fake.encoder.dim=8"], "encoder is .*dim is 16 there, 8 here"),
        (["--set", "arm.fake.item_vectors={vectors}/words"], "encoder is .*hashing.* there, .*fake.* here"),
        (["--set", "arm.fake.item_vectors={vectors}/nowhere"], "no manifest.json can be read"),
        (["--set", "arm.fake.text.stop_words=true"], "they are of the catalogue"),
    ],
)
def test_vectors_that_are_not_the_arms_are_refused_with_the_reason(tmp_path, capsys, vectors, words, said):
    file = write_scenario(tmp_path, reading(vectors, fake="fake"))
    words = [word.format(vectors=vectors) for word in words]
    assert main(["run", file, "--arm", "fake", "--out", str(tmp_path / "results"), *words]) == 2
    assert re.search(said, capsys.readouterr().err)


def test_vectors_that_the_encoder_does_not_make_of_these_texts_are_found_out(tmp_path, capsys, vectors):
    shutil.copytree(vectors / "fake", tmp_path / "turned")
    for path in (tmp_path / "turned").glob("shard-*"):
        shard = pq.read_table(path)
        opposite = pc.negate(shard["vector"].combine_chunks().flatten())
        column = pa.FixedSizeListArray.from_arrays(opposite, type=shard.schema.field("vector").type)
        pq.write_table(shard.set_column(shard.schema.get_field_index("vector"), "vector", column), path)
    file = write_scenario(tmp_path, reading(tmp_path, fake="turned"))
    assert main(["run", file, "--arm", "fake", "--out", str(tmp_path / "results")]) == 2
    assert "is not what the encoder says of its text now (cosine -1.0000)" in capsys.readouterr().err
