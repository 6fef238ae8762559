"""The classic experiments, each a short script that states a claim and checks it over several seeds."""
