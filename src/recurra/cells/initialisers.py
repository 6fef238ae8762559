"""Random matrices that recurrent networks start from; float64, from a seeded NumPy generator."""

import math

import numpy as np


def xavier_uniform(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """(rows, columns), uniform with variance 2 / (rows + columns) (Glorot & Bengio 2010)."""
    bound = math.sqrt(6 / (rows + columns))
    return rng.uniform(-bound, bound, (rows, columns))


def orthogonal(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """(rows, columns) with orthonormal columns, uniform among such (Saxe et al. 2014; signs: Mezzadri 2007).

    No more columns than rows.
    """
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    return q * np.sign(np.diag(r))
