"""Do idle library threads spin: by what their libraries read when they are loaded."""

import pytest

from bench.measure.knobs import KNOBS
from bench.measure.knobs.spinning import OPENBLAS, OPENMP


@pytest.mark.parametrize(
    ("variables", "verdict", "back"),
    [
        ({"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4"}, "GOOD", ""),
        ({"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}, "GOOD", ""),
        ({"OPENBLAS_THREAD_TIMEOUT": "4"}, "IMPROVABLE", "(back: unset OMP_WAIT_POLICY KMP_BLOCKTIME)"),
        ({"OMP_WAIT_POLICY": "PASSIVE"}, "IMPROVABLE", "(back: unset OPENBLAS_THREAD_TIMEOUT)"),
        ({"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "28"}, "IMPROVABLE",
         "(back: export OPENBLAS_THREAD_TIMEOUT=28)"),
        ({"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "200", "OPENBLAS_THREAD_TIMEOUT": "4"}, "IMPROVABLE",
         "(back: export OMP_WAIT_POLICY=PASSIVE KMP_BLOCKTIME=200)"),
        ({"OMP_WAIT_POLICY": "ACTIVE", "OPENBLAS_THREAD_TIMEOUT": "4"}, "BAD",
         "(back: export OMP_WAIT_POLICY=ACTIVE && unset KMP_BLOCKTIME)"),
        ({"KMP_BLOCKTIME": "infinite", "OPENBLAS_THREAD_TIMEOUT": "4"}, "BAD",
         "(back: export KMP_BLOCKTIME=infinite && unset OMP_WAIT_POLICY)"),
    ],
)  # fmt: skip
def test_spinning(tmp_path, monkeypatch, variables, verdict, back):
    for name in (*OPENMP, *OPENBLAS):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    report = KNOBS.get("spinning").inspect(tmp_path)
    assert report.verdict == verdict
    assert back in report.advice
    assert "OpenMP threads" in report.state
    assert "OpenBLAS threads" in report.state
