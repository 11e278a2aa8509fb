"""Models: where their files are, how they are loaded, and the artefacts built from them. Knows nothing of encoders."""
