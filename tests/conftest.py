from hypothesis import settings

# A busy machine may hold any test up for seconds, which is no defect.
settings.register_profile("fixed", deadline=None, derandomize=True)
# Other examples at each run, and more of them.
settings.register_profile("fuzz", deadline=None, max_examples=1000)
settings.load_profile("fixed")
