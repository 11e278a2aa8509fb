"""The page's fixed texts: the method in ten lines, what is not measured, and the glossary."""

from __future__ import annotations

METHOD = (
    "Every arm serves the same frozen requests on the same frozen schedule; schedules and requests are drawn "
    "before the run from the seed, hashed and stored.",
    "Response time counts from the instant at which a request was due, not from when it was taken, so a stall is "
    "paid by every request that falls due during it.",
    "Each arm runs in processes of its own, one arm at a time, in blocks whose order is balanced and shuffled; "
    "warm-up and the settling requests of each block are served and not counted.",
    "Percentiles are exact order statistics, x(⌈np⌉), of raw nanoseconds. Failed, refused and timed-out requests "
    "stay in the distribution as infinitely slow.",
    "Intervals are 95 %: rank intervals from the binomial distribution, widened to the effective number of "
    "independent requests. A percentile that the requests do not owe is not printed (p90 needs 36, p95 72, p99 "
    "368, p99.9 3,688).",
    "Differences between arms compare the same blocks: for medians one difference a process and block with a t "
    "interval over those, for tails a hierarchical bootstrap over processes, blocks and windows.",
    "Stages partition each request exactly. Around p50 and p99 their means over the neighbouring requests are "
    "shown, because medians of stages do not sum to the median of the total.",
    "Quality uses a global time split: whatever is fitted has seen only events before the split, and a request sees "
    "the events before its block and the feedback within it. Ranking is over all items, never over a sample.",
    "Saturated: at the end of its blocks the arm is more than 2 % of the requests behind, or it is offered more than "
    "its own offline throughput; no latency is printed there.",
    "The run judges itself: drift, stolen CPU, other load, restless threads, collector pauses, unanswered requests "
    "and sample sizes make it VALID, DEGRADED or INVALID, with reasons.",
)
"""Ten sentences, each true of every run."""

NOT_MEASURED = (
    "The network, serialisation and connection handling: requests are handed over inside the process unless the "
    "scenario names an HTTP target, so latencies in process are a lower bound.",
    "Whether users like what they are shown: recall asks whether the list holds what they did next anyway.",
    "Training, and the work of building the catalogue's vectors, beyond the load time in the tables.",
    "Other machines: absolute times belong to the machine named below; ratios within the run travel better.",
)
"""What a reader might wrongly take the numbers for."""

GLOSSARY = (
    ("arm", "one configuration that is measured: encoder, device, placement, serving, index, cache, re-ranker"),
    ("baseline", "the arm without a language model; differences are to it"),
    ("reference", "the exact fp32 run of the model; the tax that optimisations win back is its tax"),
    ("LLM tax", "what an arm costs above the baseline on the same requests"),
    ("single stream", "the next request is sent when the last one is done: nothing waits"),
    ("server", "an open loop: requests fall due on a schedule, whether or not the last one is done"),
    ("offline", "all requests at once: throughput, no latency"),
    ("saturated", "the arm cannot keep up, so its queue grows as long as the run lasts"),
    ("p99", "99 % of the requests were at least as fast"),
    (
        "stage",
        "a part of a request's way: clean, profile, prepare, batch_wait, encode, retrieve, rank, rerank, respond; "
        "a re-ranker that writes its list has first_token and more_tokens before rerank",
    ),
    ("recall@k", "share of the user's later items that the list of k holds"),
    ("candidate recall", "share of the user's later items among what a re-ranker is handed: its ceiling"),
    ("nDCG@k", "the same, with more credit for items near the top"),
    ("fidelity@k", "agreement of a list with the exact fp32 reference of the same model and placement"),
    ("overlap@k", "agreement of a list with that of a different encoder"),
    ("floor", "a recommender that needs no model: random, popularity, recent popularity, TF-IDF"),
    ("placement", "where the model sits: none, offline, items, profile"),
    ("SLO", "service level objective: the scenario's limit on p99"),
)
"""(word, meaning), in the order in which a reader meets them."""

SIMULATED = (
    "Tastes are simulated. The users and events of this data set were generated, so latencies and costs are real, but "
    "recall says only that the pipeline works: it is no evidence that a model helps."
)
