"""How near the encoders come to what the machine can do: its ceilings, and each arm's share of them."""
