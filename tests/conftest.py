from hypothesis import settings

# A busy machine may hold any test up for seconds, which is no defect.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
