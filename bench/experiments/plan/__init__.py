"""Measure what a plan is fed with and held against, then simulate what it asks for."""
