"""Inside the worker process: stamps and readings, no judgement."""
