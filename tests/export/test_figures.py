"""What ships says of itself what its run found."""

import hashlib
import shutil

import pytest

from keras_digits.errors import RunError
from keras_digits.export.figures import figures
from keras_digits.reading.catalogue import shipped_networks
from keras_digits.training.run import Run, open_run


def test_figures_are_those_of_the_run(trained_run: Run) -> None:
    found = figures(trained_run)
    metrics = trained_run.metrics()
    assert found["accuracy"] == metrics["accuracy"]
    assert found["accuracy_reviewed"] is None
    told = (found["network"], found["num_weights"], found["arithmetic"], found["test_set"])
    assert told == ("article", 669_706, "float32", "optdigits")


def test_run_that_is_not_finished_has_no_figures(trained_run: Run) -> None:
    shutil.copytree(trained_run.folder, "run")
    open_run("run").onnx_path.unlink()
    with pytest.raises(RunError, match=r"run is not finished\. Go on: digits train --resume run"):
        figures(open_run("run"))


@pytest.mark.parametrize("name", shipped_networks())
def test_figures_of_what_ships_are_of_the_very_file(name: str) -> None:
    shipped = shipped_networks()[name]
    digest = hashlib.sha256(shipped.path.read_bytes()).hexdigest()
    assert shipped.figures()["sha256"] == digest, "write them anew, as make weights does"
