"""From probes of an open loop to its capacity: what one probe shows, what all of them show, and the statement."""
