"""A small honest content-based recommender, the thing that is measured. Reads no clock and knows nothing of bench."""
