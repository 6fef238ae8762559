"""What data are like, before any model: distributions, gaps, seasons, lengths, and what looks like a leak."""
