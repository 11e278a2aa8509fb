"""The highest rate that an arm sustains: a search over probes, each a fresh open loop in one worker."""
