"""Base against head, by turns: two checkouts, two configurations, or this machine's own earlier ratios."""
