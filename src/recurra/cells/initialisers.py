"""Random matrices that recurrent networks start from; float64, from a seeded NumPy generator."""

import math

import numpy as np


def xavier_uniform(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """(rows, columns), uniform with variance 2 / (rows + columns) (Glorot & Bengio 2010)."""
    bound = math.sqrt(6 / (rows + columns))
    return rng.uniform(-bound, bound, (rows, columns))


def orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    """(size, size), uniform among orthogonal matrices (Saxe et al. 2014; signs as in Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return q * np.sign(np.diag(r))
