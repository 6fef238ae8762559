"""The page of `recurra inspect`: what was found inside a model, as sections of pictures and tables."""
