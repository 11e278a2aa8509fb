"""Whether a change made arms slower: from what processes measured to verdicts, and from verdicts to an exit code."""
