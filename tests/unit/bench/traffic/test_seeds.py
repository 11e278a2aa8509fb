"""Named random streams."""

from bench.traffic.seeds import stream


def first(*path):
    return int(stream(*path).integers(2**62))


def test_a_stream_depends_on_its_seed_and_its_whole_name_and_on_nothing_else():
    assert first(7, "arrivals", "server", 40.0, 3) == first(7, "arrivals", "server", 40.0, 3)
    streams = [(7, "a"), (8, "a"), (7, "b"), (7, "a", 0), (7, "a", 1), (7,)]
    assert len({first(*path) for path in streams}) == len(streams)


def test_the_stream_of_a_name_never_changes():
    assert first(7, "requests") == 649306538269455807
