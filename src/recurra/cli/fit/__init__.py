"""recurra fit: train a model, score it beside baselines, write it with a report. A file for each task."""
