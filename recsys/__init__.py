"""A small honest content-based recommender: the thing that is measured. It reads no clock and knows nothing of bench."""
