"""From stamps to statements: reads what the store loads, after a run."""
