"""Look at a model: what it was asked, what it saw, how well it does. Pages are files that fetch nothing."""
