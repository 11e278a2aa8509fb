"""encode-catalogue --engine ray: the bytes of the local engine, whatever the workers, and whoever is killed."""

import json
from importlib.util import find_spec

import pytest
from many_texts import files_of, kill_after, words, write_many
from ray_processes import Killer

from bench.cli import main
from bench.experiments.encode_catalogue.engines import ENGINES
from bench.ray_cluster import ray_cluster

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
RAY = ("--shard-texts", "1000", "--engine", "ray")
N = 10_000
SHARD_TEXTS = 100
SHARDS = 90
"""Nine tenths of the texts are different."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return write_many(tmp_path_factory.mktemp("encode"), N)


@pytest.fixture(scope="module")
def cluster():
    """One for all tests of this file: to start it takes longer than to use it."""
    with ray_cluster(cpus=4):
        yield


def shards_in(folder):
    return len(list(folder.glob("shard-*")))


def killed_twice_and_whole(place, folder, arm):
    """Kill the call, make it again with more workers and kill one of these; the folder, a local one, and what was said.

    The arm's two threads are then one each.
    """
    here, there, told = folder / "local", folder / "ray", folder / "told.json"
    command = (place, there, arm, "--shard-texts", str(SHARD_TEXTS), "--set", f"arm.{arm}.threads=2", "--engine", "ray")
    kill_after(3, words(*command, "--engine-set", "workers=1"), there)
    first = shards_in(there)
    assert 3 <= first < SHARDS
    with Killer("ShardWorker", lambda: shards_in(there) >= first + 2) as killer:
        assert main(words(*command, "--engine-set", "workers=2", "--json", str(told))) == 0
    assert killer.killed
    assert main(words(place, here, *command[2:-2])) == 0
    found = json.loads(told.read_text())
    assert (found["workers"], found["threads_each"]) == (2, 1)
    assert SHARDS - first - 1 <= found["new_shards"] <= SHARDS - first, "the killed call may have written one more"
    return files_of(there), files_of(here)


def test_whoever_is_killed_and_however_many_they_are_the_bytes_are_those_of_one_process(
    place, tmp_path, cluster, capfd
):
    theirs, mine = killed_twice_and_whole(place, tmp_path, "hashing")
    assert theirs == mine
    said = capfd.readouterr()
    assert "by 2 workers with 1 thread each" in said.out
    assert said.err == "" and "raylet" not in said.out, "Ray itself is silent"


@pytest.mark.verify
def test_so_are_those_of_a_language_model(place, tmp_path, cluster):
    theirs, mine = killed_twice_and_whole(place, tmp_path, "slow")
    assert theirs == mine


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--engine-set", "workers=0"], 'option "workers" = 0'),
        (["--engine-set", "worker=2"], "did you mean"),
        (["--engine-set", "workers"], "not of the form key=value"),
        (["--set", "arm.slow.encoder.model=no-such-model"], "no-such-model"),
    ],
)
def test_what_cannot_be_is_told_as_without_ray(place, tmp_path, cluster, capsys, options, said):
    assert main(words(place, tmp_path / "out", "slow", *RAY, *options)) == 2
    assert said in capsys.readouterr().err


def test_a_gpu_that_the_cluster_lacks_is_told(place, tmp_path, cluster, capsys):
    import ray

    if ray.cluster_resources().get("GPU"):
        pytest.skip("it has one")
    assert main(words(place, tmp_path / "out", "slow", *RAY, "--device", "cuda")) == 2
    assert "no GPU" in capsys.readouterr().err


def test_without_the_extra_its_name_is_told(place, tmp_path, monkeypatch, capsys):
    from recsys import registry

    monkeypatch.setattr(ENGINES, "_registered", {})
    found = registry.find_spec
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "ray" else found(name))
    assert main(words(place, tmp_path / "out", "hashing", *RAY)) == 2
    assert "pip install 'llm-rec-bench[ray]'" in capsys.readouterr().err
