"""Inside a trained model: gates over time, memory, attributions, predictions as they form, and training."""
