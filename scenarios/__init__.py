"""Scenarios: data only, one TOML file each."""
