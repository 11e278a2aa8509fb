"""Side readings of a process, taken outside timed regions: one file each."""
