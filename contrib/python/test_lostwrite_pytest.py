"""The fixture: a loss fails the test with the drawing, its schedule repeats it, mistakes are told."""

import pathlib

import pytest

TEST = '''
import http.client, json, os, re
OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared", "namespace": "default"}}

def adds(finalizer):
    assert os.path.exists("here"), "a controller begins in the folder of its test"
    host = re.search('http://([^"]+)', open(os.environ["KUBECONFIG"]).read()).group(1)
    def ask(method, body=None):
        connection = http.client.HTTPConnection(host)
        path = "/api/v1/namespaces/default/configmaps/shared"
        connection.request(method, path, body, {"content-type": "application/merge-patch+json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    _, found = ask("GET")
    both = [*found["metadata"].get("finalizers", []), finalizer]
    print(finalizer, ask("PATCH", json.dumps({"metadata": {"finalizers": both}}))[0])

def test_it(lostwrite):
    lostwrite.check({"a": (adds, "x.io/a"), "b": (adds, "x.io/b")}, [OBJECT], runs=6)
'''


@pytest.fixture(autouse=True)
def found(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parent))


def run(pytester, test):
    pytester.makepyfile(test)
    (pytester.path / "here").touch()
    return pytester.runpytest_subprocess("-p", "lostwrite_pytest")


def test_a_loss_fails_with_the_drawing_and_its_schedule_repeats_it(pytester, monkeypatch):
    result = run(pytester, TEST)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    for needle in ["a write is lost", "LOST", "x.io/a 200", "LOSTWRITE_SCHEDULE="]:
        assert needle in text
    schedule = text.split("replay   ")[1].split()[0]
    monkeypatch.setenv("LOSTWRITE_SCHEDULE", schedule)
    again = run(pytester, TEST)
    again.assert_outcomes(failed=1)
    assert "LOST" in again.stdout.str()


def test_one_writer_loses_nothing(pytester):
    alone = TEST.replace(', "b": (adds, "x.io/b")', "").replace("runs=6", "runs=2")
    run(pytester, alone).assert_outcomes(passed=1)


def test_what_cannot_run_is_told(pytester, monkeypatch):
    no_crd = run(pytester, TEST.replace("runs=6", 'crds=["no/*.yaml"]'))
    no_crd.assert_outcomes(failed=1)
    assert "there is no CRD at" in no_crd.stdout.str()
    monkeypatch.setenv("LOSTWRITE", "/no/such/program")
    result = run(pytester, TEST)
    result.assert_outcomes(failed=1)
    assert "install it, or name it in LOSTWRITE" in result.stdout.str()
