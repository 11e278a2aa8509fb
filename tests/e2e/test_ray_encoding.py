"""encode-catalogue --engine ray: the bytes of the local engine, whatever the workers, and whoever is killed."""

import json
from importlib.util import find_spec

import pytest
from many_texts import N, files_of, kill_after, words, write_many
from ray_processes import Killer, workers_of

from bench.cli import main
from bench.ray_cluster import ray_cluster

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
RAY = ("--shard-texts", "1000", "--engine", "ray")
MANY_SHARDS = ("--shard-texts", "100", "--engine", "ray")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return write_many(tmp_path_factory.mktemp("encode"))


@pytest.fixture(scope="module")
def cluster():
    """One for all tests of this file: to start it takes longer than to use it."""
    with ray_cluster(cpus=4):
        yield


def shards_in(folder):
    return len(list(folder.glob("shard-*")))


def test_a_worker_that_is_killed_is_replaced_and_the_bytes_are_those_of_one_process(place, tmp_path, cluster, capsys):
    here, there, told = tmp_path / "local", tmp_path / "ray", tmp_path / "told.json"
    assert main(words(place, here, "slow", "--shard-texts", "1000", "--set", "arm.slow.threads=2")) == 0
    with Killer("ShardWorker", lambda: shards_in(there) >= 3) as killer:
        options = ("--engine-set", "workers=2", "--set", "arm.slow.threads=2", "--json", str(told))
        assert main(words(place, there, "slow", *RAY, *options)) == 0
    assert killer.killed
    assert files_of(there) == files_of(here)
    found = json.loads(told.read_text())
    assert (found["workers"], found["threads_each"], found["new_shards"]) == (2, 1, 18)
    said = capsys.readouterr()
    assert "by 2 workers with 1 thread each" in said.out
    assert said.err == "", "Ray itself is silent"


def test_a_call_that_is_killed_is_made_again_with_another_number_of_workers(place, tmp_path, cluster):
    here, there = tmp_path / "local", tmp_path / "ray"
    kill_after(3, words(place, there, "hashing", *MANY_SHARDS), there)
    assert 3 <= shards_in(there) < 180, f"{N} texts, nine tenths of them different, in shards of 100"
    assert main(words(place, there, "hashing", *MANY_SHARDS, "--engine-set", "workers=1")) == 0
    assert main(words(place, here, "hashing", "--shard-texts", "100")) == 0
    assert files_of(there) == files_of(here)
    assert not [process for process in workers_of("ShardWorker") if process.status() == "running"]


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

    found = registry.find_spec
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "ray" else found(name))
    assert main(words(place, tmp_path / "out", "hashing", *RAY)) == 2
    assert "pip install 'llm-rec-bench[ray]'" in capsys.readouterr().err
