"""A pytest fixture that runs controllers under orders of requests that `lostwrite` chooses.

Copy this file beside your tests, and name it in `conftest.py`:

    pytest_plugins = ["lostwrite_pytest"]

    def test_no_condition_is_lost(lostwrite):
        lostwrite.check(
            crds=["../config/crd/*.yaml"],
            objects=[widget],
            controllers={
                "ready": keep_ready,                                # a function of the test's file
                "usage": (keep, "Usage"),                           # one with arguments
                "kopf": [sys.executable, "-m", "kopf", "run", "-n", "default", "operator.py"],
            },
        )

Each controller runs in a process of its own, started again for each order, and finds its cluster in
the environment variable KUBECONFIG: `kubernetes.config.load_kube_config()`, kopf and others read it.
A function has to be at the top level of its file, and its arguments have to fit into JSON. The
program `lostwrite` is found in PATH, or by the variable LOSTWRITE. Linux only.
"""

import glob
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

PROGRAM = "LOSTWRITE"
SCHEDULE = "LOSTWRITE_SCHEDULE"


class Lostwrite:
    """Runs checks for one test."""

    def __init__(self, request, folder):
        self._folder = pathlib.Path(request.path).parent
        self._name = request.node.name
        self._work = folder
        self._calls = 0

    def check(self, controllers, objects=(), crds=(), workers=(), env=None, runs=20, seed=0,
              leases_race=False, schedule=None, expect_loss=False):
        """Fails the test if an order is found in which a controller's write is lost; returns what
        `lostwrite` printed. With a schedule, the replay line of an earlier failure, only that order
        runs. With expect_loss the test fails if no loss is found.
        """
        document = {
            "apiVersion": "lostwrite.dev/v1alpha1", "kind": "Scenario",
            "metadata": {"name": "pytest"},
            "crds": [found for path in crds for found in self._find(path)],
            "objects": list(objects),
            "workers": [self._worker(name, run, env or {}) for name, run in controllers.items()]
            + list(workers),
        }
        if leases_race:
            document["leases"] = "race"
        if expect_loss:
            document["expect"] = "lost"
        self._calls += 1
        file = self._work / f"check{self._calls}.yaml"
        file.write_text(json.dumps(document))
        schedule = schedule or os.environ.get(SCHEDULE)
        rest = ["--schedule", schedule] if schedule else ["--runs", str(runs), "--seed", str(seed)]
        program = os.environ.get(PROGRAM, "lostwrite")
        command = [program, "replay" if schedule else "check", str(file), "--allow-run", *rest]
        try:
            done = subprocess.run(command, cwd=self._work, capture_output=True, text=True)
        except OSError as error:
            pytest.fail(f"lostwrite: {error}\ninstall it, or name it in {PROGRAM}", pytrace=False)
        said = done.stdout + done.stderr
        if done.returncode == 0:
            return said
        if done.returncode != 1:
            pytest.fail(f"lostwrite ended with {done.returncode}\n{said}", pytrace=False)
        if expect_loss:
            pytest.fail(f"no order was found that loses a write\n{said}", pytrace=False)
        pytest.fail(
            f"a write is lost\n{said}\n  to run this order alone, with the schedule of the replay "
            f"line:\n  {SCHEDULE}=SCHEDULE pytest -k '{self._name}'",
            pytrace=False,
        )

    def _find(self, path):
        found = sorted(glob.glob(str(self._folder / path)))
        if not found:
            pytest.fail(f"lostwrite: there is no CRD at {self._folder / path}", pytrace=False)
        return found

    def _worker(self, name, run, env):
        if isinstance(run, list):
            command = [str(part) for part in run]
        else:
            function, *arguments = run if isinstance(run, tuple) else (run,)
            code = function.__code__.co_filename
            command = [sys.executable, __file__, code, function.__qualname__, json.dumps(arguments)]
        # Python does not buffer what is shown beside the drawing.
        env = {"PYTHONUNBUFFERED": "1", "LOSTWRITE_FOLDER": str(self._folder), **env}
        # The folder of the tests is where relative paths of a command line begin.
        start = "import os, sys; os.chdir(sys.argv[1]); os.execvp(sys.argv[2], sys.argv[2:])"
        run = [sys.executable, "-c", start, str(self._folder), *command]
        return {"name": name, "run": run, "env": env}


@pytest.fixture
def lostwrite(request, tmp_path):
    """Runs controllers under chosen orders: `lostwrite.check(controllers={...})`."""
    return Lostwrite(request, tmp_path)


def _control(path, name, arguments):
    """Calls one function of a file: the whole life of a controller's process."""
    sys.path[0] = str(pathlib.Path(path).parent)
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    getattr(module, name)(*json.loads(arguments))


if __name__ == "__main__":
    _control(*sys.argv[1:])
