"""What each index costs and keeps as the catalogue grows: time, memory and fidelity by size."""
