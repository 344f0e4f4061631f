"""How soon `hunt` finds what two unmodified programs lose, beside the same two left alone.

    measure.py [--free N] [--replays N] [--json FILE] [PAIR...]

A pair is go, go-cached, go-owns, go-leader, official, kopf, node or kube-rs; all if none is named.
Each has two programs: `ready` writes at once, `usage` measures for 100 ms first. Both read a Widget
and write a condition of their own into one list. For each pair, in one run:

- `hunt`: `lostwrite check --allow-run`, at most ten executions, with the merge patch;
- `replay`: the schedule that was found, again and again: how often it shows the loss;
- `locked`: ten executions with the resourceVersion in the patch;
- `free`: both programs run on `lostwrite serve`, Widgets are created one after another, and a
  watch tells how many of them ever lost a condition.

LOSTWRITE names the program. Clients come from public registries, into target/pairs.
"""

import argparse
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "pairs"
GO = ROOT / "contrib" / "go"
LOSTWRITE = os.environ.get("LOSTWRITE", str(ROOT / "target" / "debug" / "lostwrite"))
CRD = GO / "example" / "crd.yaml"
PATH = "/apis/demo.example.com/v1/namespaces/default/widgets"
MEASURE = 100


def build_go():
    subprocess.run(["go", "build", "-o", WORK / "manager", "./example/manager"], cwd=GO, check=True)


def build_python():
    if not (WORK / "python" / "bin" / "kopf").exists():
        subprocess.run([sys.executable, "-m", "venv", WORK / "python"], check=True)
        pip = [WORK / "python" / "bin" / "pip", "install", "--quiet"]
        subprocess.run([*pip, "kopf==1.38.0", "kubernetes==37.0.2"], check=True)


def build_node():
    folder = WORK / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for source in [ROOT / "tests" / "clients" / "node" / "package.json", HERE / "keeper.mjs"]:
        (folder / source.name).write_text(source.read_text())
    if not (folder / "node_modules").exists():
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True)


def build_rust():
    cargo = ["cargo", "build", "--quiet", "--features", "kube", "--example", "keeper"]
    subprocess.run(cargo, cwd=ROOT, check=True)


def go(*more):
    def program(condition, write, measure):
        flags = [f"-condition={condition}", f"-write={write}", f"-measure={measure}ms", *more]
        return [str(WORK / "manager"), *flags], {}

    return build_go, program


def python(condition, write, measure):
    interpreter = str(WORK / "python" / "bin" / "python")
    return [interpreter, str(HERE / "official.py"), condition, write, str(measure)], {}


def kopf(condition, write, measure):
    run = [str(WORK / "python" / "bin" / "kopf"), "run", "-n", "default", "--standalone"]
    variables = {"CONDITION": condition, "WRITE": write, "MEASURE_MS": str(measure)}
    return [*run, str(HERE / "keeper_kopf.py")], variables


def node(condition, write, measure):
    return ["node", str(WORK / "node" / "keeper.mjs"), condition, write, str(measure)], {}


def rust(condition, write, measure):
    program = ROOT / "target" / "debug" / "examples" / "keeper"
    return [str(program), condition, write, str(measure)], {}


PAIRS = {
    "go": go(),
    "go-cached": go("-cached"),
    "go-owns": go("-owns"),
    "go-leader": go("-leader-elect"),
    "official": (build_python, python),
    "kopf": (build_python, kopf),
    "node": (build_node, node),
    "kube-rs": (build_rust, rust),
}


def widget(name):
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "demo.example.com/v1", "kind": "Widget", "metadata": metadata, "spec": {}}


def both(program, write):
    for name, condition, measure in [("ready", "Ready", 0), ("usage", "Usage", MEASURE)]:
        yield name, *program(condition, write, measure)


def check(pair, program, write, *arguments):
    workers = [
        {"name": name, "run": run, "env": {**variables}}
        for name, run, variables in both(program, write)
    ]
    document = {
        "apiVersion": "lostwrite.dev/v1alpha1", "kind": "Scenario",
        "metadata": {"name": pair}, "crds": [str(CRD)], "objects": [widget("demo")],
        "workers": workers,
    }
    file = WORK / f"{pair}-{write}.yaml"
    file.write_text(json.dumps(document))
    command, *rest = arguments
    begin = time.monotonic()
    line = [LOSTWRITE, command, str(file), "--allow-run", *rest]
    done = subprocess.run(line, capture_output=True, text=True)
    return done, time.monotonic() - begin


def result(done):
    """What a check says: the schedule of a loss or None, executions, what is told besides."""
    if not done.stdout:
        return None, 0, [done.stderr.strip()]
    it = json.loads(done.stdout)["results"][0]
    violated = [property for property in it["properties"] if property["verdict"] == "violated"]
    schedule = violated[0]["witness"]["schedule"] if violated else None
    failed = [done.stderr.strip()] if done.returncode > 1 else []
    return schedule, it["exploration"]["executions"], it.get("notes", []) + failed


def request(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, json.dumps(body) if body else None, {"content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def watch(port, seen):
    """Keeps, for each Widget, the sets of conditions that it had, in order."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"{PATH}?watch=true")
    for line in connection.getresponse():
        item = json.loads(line)["object"]
        conditions = item.get("status", {}).get("conditions", [])
        seen.setdefault(item["metadata"]["name"], []).append({it["type"] for it in conditions})


def free(program, runs):
    """How many of so many Widgets lost a condition while both programs ran by themselves."""
    kubeconfig = WORK / "free.kubeconfig"
    kubeconfig.unlink(missing_ok=True)
    serve = [LOSTWRITE, "serve", "--crd", str(CRD), "--kubeconfig", str(kubeconfig)]
    running = [subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)]
    try:
        port = int(running[0].stdout.readline().strip().rsplit(":", 1)[1])
        for _, run, variables in both(program, "merge"):
            environment = {**os.environ, **variables, "KUBECONFIG": str(kubeconfig)}
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            running.append(subprocess.Popen(run, env=environment, start_new_session=True, **quiet))
        seen = {}
        threading.Thread(target=watch, args=(port, seen), daemon=True).start()
        lost = 0
        for run in range(runs):
            name = f"w{run}"
            request(port, "POST", PATH, widget(name))
            deadline = time.monotonic() + (30 if run == 0 else 5)
            while time.monotonic() < deadline and seen.get(name, [set()])[-1] != {"Ready", "Usage"}:
                time.sleep(0.005)
            history = seen.get(name, [set()])
            if history[-1] != {"Ready", "Usage"}:
                raise SystemExit(f"{name} has only {history[-1]}: do both programs work?")
            lost += any(not before <= after for before, after in zip(history, history[1:]))
        return lost
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGKILL)
            process.wait()


def measure(pair, arguments):
    build, program = PAIRS[pair]
    build()
    row = {"pair": pair}
    done, seconds = check(pair, program, "merge", "check", "--runs", "10", "-o", "json")
    schedule, executions, notes = result(done)
    row["hunt"] = {
        "schedule": schedule, "executions": executions, "seconds": round(seconds, 1), "notes": notes,
    }
    shown = 0
    for _ in range(arguments.replays if schedule else 0):
        done, _ = check(pair, program, "merge", "replay", "--schedule", schedule)
        shown += done.returncode == 1 and "LOST" in done.stdout
    row["replay"] = {"shown": shown, "of": arguments.replays if schedule else 0}
    done, seconds = check(pair, program, "locked", "check", "--runs", "10", "-o", "json")
    schedule, executions, notes = result(done)
    row["locked"] = {"schedule": schedule, "executions": executions, "notes": notes}
    row["free"] = {"lost": free(program, arguments.free), "of": arguments.free}
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--free", type=int, default=200)
    parser.add_argument("--replays", type=int, default=10)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("pair", nargs="*")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    rows = []
    for pair in arguments.pair or PAIRS:
        row = measure(pair, arguments)
        rows.append(row)
        hunt, replay, locked, alone = row["hunt"], row["replay"], row["locked"], row["free"]
        print(
            f"{pair:<10} hunt: {'lost' if hunt['schedule'] else 'nothing'} in {hunt['executions']} "
            f"executions ({hunt['seconds']} s)   replay: {replay['shown']} of {replay['of']}   "
            f"locked: {'lost' if locked['schedule'] else 'nothing'} in {locked['executions']}   "
            f"free: {alone['lost']} of {alone['of']}",
            *hunt["notes"], *locked["notes"], sep="\n  ", flush=True,
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    bad = [row for row in rows if not row["hunt"]["schedule"] or row["locked"]["schedule"]]
    print(f"{len(rows) - len(bad)} passed, {len(bad)} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
