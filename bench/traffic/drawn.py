"""Requests drawn from the data's own events after t0.

Each drawn event becomes one request: either the list that its user asks for just before it, or the feedback that
reports it. New and changed items come in between. Where users type, they ask for a list with words of the event's item.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bench.errors import ConfigError
from bench.scenario import Scenario
from bench.traffic.ingests import NO_INGESTS, Ingests, draw_ingests
from bench.traffic.queries import draw_queries
from bench.traffic.repeats import LAWS, EligibleEvents, Rows
from bench.traffic.seeds import stream
from bench.traffic.trace import NO_EVENT, NO_ITEM, NOBODY, Trace
from recsys.data import Dataset
from recsys.types import RequestKind


def draw_requests(scenario: Scenario, dataset: Dataset, wanted: int) -> Trace:
    """Draw so many requests; feedback_share of them is feedback and ingest_share ingests, rounded.

    Raises ConfigError when the data has too little to draw from.
    """
    table, t0_s = scenario.requests, dataset.split_s(scenario.data.train_share)
    n_feedback, n_ingests = round(table.feedback_share * wanted), round(table.ingest_share * wanted)
    n_events = wanted - n_ingests
    eligible = EligibleEvents.of(dataset, t0_s)
    _check_enough(scenario, dataset, eligible, n_events)
    generator = stream(scenario.seed, "requests")
    rows = np.sort(LAWS[table.repeat](eligible, n_events, generator, table))
    reported = np.zeros(n_events, bool)
    reported[generator.choice(n_events, n_feedback, replace=False)] = True
    times_s = dataset.events.timestamp_s[rows]
    trace = trace_of_events(dataset, rows, reported, draw_ingests(dataset, n_ingests, t0_s, times_s, scenario.seed))
    if table.queries is None:
        return trace
    asking = np.flatnonzero(trace.kind == RequestKind.RECOMMEND).tolist()
    queries = draw_queries(table.queries, dataset, dataset.events.item[rows[~reported]], scenario.seed)
    return replace(trace, queries={row: query for row, query in zip(asking, queries, strict=True) if query})


def trace_of_events(
    dataset: Dataset, rows: Rows, reported: npt.NDArray[np.bool_], ingests: Ingests = NO_INGESTS
) -> Trace:
    """The trace that asks for a list just before each of these events, or reports it, and takes in these items.

    rows: of the data's events, in time order; reported: bool [rows]. Within a second, items come before events.
    """
    events, n = dataset.events.take(rows), len(ingests.item)
    timestamp_s = np.concatenate([ingests.timestamp_s, events.timestamp_s])
    order = np.argsort(timestamp_s, kind="stable")
    kinds = np.where(reported, RequestKind.FEEDBACK, RequestKind.RECOMMEND)
    items = np.where(reported, events.item, NO_ITEM)
    event_kinds = np.where(reported, events.kind, NO_EVENT)
    return Trace(
        kind=np.concatenate([np.full(n, RequestKind.INGEST), kinds])[order].astype(np.int8),
        user=np.concatenate([np.full(n, NOBODY), events.user])[order].astype(np.int32),
        timestamp_s=timestamp_s[order],
        item=np.concatenate([ingests.item, items])[order].astype(np.int32),
        event_kind=np.concatenate([np.full(n, NO_EVENT), event_kinds])[order].astype(np.int8),
        dataset=dataset,
    )


def _check_enough(scenario: Scenario, dataset: Dataset, eligible: EligibleEvents, n_events: int) -> None:
    repeat = scenario.requests.repeat
    most = eligible.at_most(repeat)
    if n_events < 1:
        raise ConfigError(
            f"scenario {scenario.name}: requests.ingest_share = {scenario.requests.ingest_share:g} leaves no request "
            "that a user makes. Next: lower it, or raise load.….requests"
        )
    if most is not None and n_events > most:
        counted = {"unique": "users with a history and events after t0"}
        has = f"{most} {counted.get(repeat, 'events after t0 of users with a history')}"
        again = ', or let users ask again with requests.repeat = "zipf"' if most else ""
        raise ConfigError(
            f"scenario {scenario.name}: {n_events} requests wanted, but data {dataset.name} has {has}. "
            f"Next: lower load.….requests or data.train_share, or take larger data{again}"
        )
