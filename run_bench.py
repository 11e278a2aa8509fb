"""The same as the command llm-rec-bench, from a checkout."""

from bench.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
