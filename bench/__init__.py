"""The instrument: measures what a language model costs a recommender in real time. Knows nothing of models."""
