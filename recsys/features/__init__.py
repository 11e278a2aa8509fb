"""From raw items and events to what is compared: cleaned text, feature blocks, profiles."""
