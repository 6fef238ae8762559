"""The table of a report's epochs: with all that was measured, and with less where an older file has less."""

from recurra.inspection.training import training_story

OLD = {
    "epochs": [
        {"epoch": 1, "loss": 0.5, "validation_loss": 0.25, "gradient_norm": 1.5},
        {"epoch": 2, "loss": 0.25, "validation_loss": 0.5, "gradient_norm": 0.5},
    ],
    "best_epoch": 1,
}
SIGNS = [
    {"clipped": 1.0, "weight_norm": 7.5, "spectral_radius": {"a.weight_hh_l0": {"i": 0.5, "f": 1.25}}},
    {"clipped": 0.125, "weight_norm": 8.5, "spectral_radius": {"a.weight_hh_l0": {"i": 1.5, "f": 1.25}}},
]


def test_the_figures_of_older_files():
    table = training_story(OLD).table
    assert table.columns == ["Epoch", "Training loss", "Validation loss", "Gradient norm"]
    assert table.rows == [["1 (kept)", "0.500", "0.250", "1.500"], ["2", "0.250", "0.500", "0.500"]]


def test_the_figures_of_files_with_vital_signs():
    epochs = [old | signs for old, signs in zip(OLD["epochs"], SIGNS)]
    table = training_story({"epochs": epochs, "best_epoch": 1}).table
    assert table.columns[4:] == ["Weight norm", "Clipped batches", "Largest spectral radius"]
    assert [row[4:] for row in table.rows] == [["7.50", "100 %", "1.25"], ["8.50", "12 %", "1.50"]]


def test_no_column_where_there_is_no_recurrent_matrix():
    epochs = [old | signs | {"spectral_radius": {}} for old, signs in zip(OLD["epochs"], SIGNS)]
    assert training_story({"epochs": epochs, "best_epoch": 1}).table.columns[4:] == [
        "Weight norm",
        "Clipped batches",
    ]
