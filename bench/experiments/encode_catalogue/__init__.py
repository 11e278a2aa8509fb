"""The catalogue's vectors, computed once and kept: different texts alone, in shards, and resumable."""
