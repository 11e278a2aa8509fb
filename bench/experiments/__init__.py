"""Runs with one purpose: measure and report, evaluate, forecast."""
