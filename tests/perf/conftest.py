"""Micro-benchmarks say on what they were measured, as runs do."""


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Put our environment block beside pytest-benchmark's own, whose name of the host goes: files are published."""
    from bench.measure.environment import describe_environment

    output_json["environment"] = describe_environment()
    output_json.get("machine_info", {}).pop("node", None)
