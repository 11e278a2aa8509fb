"""What the instrument itself costs, how late it is, and whether it finds answers that are known: the parts."""
