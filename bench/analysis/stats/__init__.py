"""Pure statistics of latency: numpy in, frozen dataclasses out; no files, no tables, no pictures."""
