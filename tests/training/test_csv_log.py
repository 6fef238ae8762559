"""The log as a file: complete after every epoch, and the same for a run that was interrupted."""

import csv

import pytest

from recurra._base.errors import InputError
from recurra.training import BatchEnd, CsvLog, EpochEnd, Finished, Started, VitalSigns

RADII = {"encoder.weight_hh_l0": {"r": 0.9, "z": 1.25}, "encoder.weight_hh_l1": {"r": 1.0, "z": 0.5}}
SIGNS = VitalSigns(2e-7, 1e-7, 0.0, 6.5, RADII, {"encoder.h_l0": 0.125, "encoder.h_l1": 0.5}, {})


def end(epoch: int, score: float | None = None) -> EpochEnd:
    return EpochEnd(epoch, 0.5 / epoch, 0.25, 1e-7, epoch == 1, 0.001, 2.5 * epoch, SIGNS, score)


HEADER = (
    "epoch,seconds,loss,validation_loss,score,gradient_norm,gradient_norm_max,clipped_norm,clipped,"
    "weight_norm,spectral_radius,dead_units,saturated_units,learning_rate,is_best\n"
)
FIRST = "1,2.5,0.5,0.25,,1e-07,2e-07,1e-07,0.0,6.5,1.25,0.5,,0.001,true\n"
SECOND = "2,5.0,0.25,0.25,,1e-07,2e-07,1e-07,0.0,6.5,1.25,0.5,,0.001,false\n"


def test_a_row_for_every_epoch_as_soon_as_it_is_over(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("an older log\n")
    log = CsvLog(path)
    assert path.read_text() == "an older log\n"  # the run may never begin
    log(Started(9, 3))
    assert path.read_text() == HEADER
    log(BatchEnd(1, 1, 0.7))
    log(end(1))
    assert path.read_text() == HEADER + FIRST
    log(end(2))
    log(Finished(2, 1))
    assert path.read_text() == HEADER + FIRST + SECOND


def test_numbers_come_back_as_they_were(tmp_path):
    log = CsvLog(tmp_path / "log.csv")
    log(Started(1, 1))
    log(EpochEnd(1, 1 / 3, 2**-60, 1e300, True, 0.1, 1.1, SIGNS, -1 / 7))
    with (tmp_path / "log.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (float(row["loss"]), float(row["score"]), float(row["gradient_norm"])) == (1 / 3, -1 / 7, 1e300)


def test_a_run_that_goes_on_keeps_the_rows_of_the_epochs_before(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(HEADER + FIRST + SECOND + "3,7.5,0.1")  # killed in epoch 3, and the checkpoint is older
    log = CsvLog(path)
    log(Started(9, 3, epoch=2, batch=1))
    assert path.read_text() == HEADER + FIRST
    log(end(2))
    assert path.read_text() == HEADER + FIRST + SECOND


def test_a_run_that_goes_on_may_begin_a_log(tmp_path):
    log = CsvLog(tmp_path / "log.csv")
    log(Started(9, 3, epoch=2))
    log(end(2))
    assert (tmp_path / "log.csv").read_text() == HEADER + SECOND


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_log_is_not_gone_on_with(tmp_path, content):
    path = tmp_path / "notes.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        CsvLog(path)(Started(9, 3, epoch=2))
    assert str(raised.value) == f"{path} is no log of training to go on with; give another path"
    assert path.read_bytes() == content


def test_a_path_that_cannot_be_written_is_refused_before_the_run(tmp_path):
    with pytest.raises(InputError) as raised:
        CsvLog(tmp_path / "missing" / "log.csv")
    assert str(raised.value) == (
        f"{tmp_path / 'missing' / 'log.csv'} cannot be written: the folder {tmp_path / 'missing'} "
        "does not exist; create it first"
    )
