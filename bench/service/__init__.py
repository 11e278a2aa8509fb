"""A scenario's arm as an HTTP service: what is measured in process, behind a queue of its own and a network."""
