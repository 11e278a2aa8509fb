"""An interruption at a known moment of a measurement."""

from bench.measure.pool import WorkerPool


def interrupt_second_block(monkeypatch):
    """Raise KeyboardInterrupt, as the terminal does, when a worker is asked for its second block."""
    serve, calls = WorkerPool.serve, []

    def interrupted(pool, name, command):
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return serve(pool, name, command)

    monkeypatch.setattr(WorkerPool, "serve", interrupted)
