#!/usr/bin/env python3
"""What `lostwrite judge` costs: time and memory for a large log, and how it grows.

    cargo build --release
    python3 benches/judge/measure.py target/release/lostwrite [MEGABYTES]

The log is tests/audit/, repeated with fresh ids, uids and namespaces (1000 MB unless said). jq
filters the same file for one kind. It is made in a temporary folder (TMPDIR) and removed.
Time is user + system: other work on the machine hardly changes it; wall time stands beside it.
"""
import gzip, json, os, pathlib, resource, subprocess, sys, tempfile, time

binary = os.path.abspath(sys.argv[1])
size = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
here = pathlib.Path(__file__).resolve().parent.parent.parent / "tests/audit"


def run(*command):
    """Wall and CPU seconds, and MiB at most."""
    began = time.time()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    return time.time() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def row(what, wall, cpu, memory):
    print(f"| {what} | {cpu:.1f} | {wall:.1f} | {memory:.0f} |", flush=True)


def large(folder):
    parts = [gzip.open(path).read() for path in sorted(here.glob("*.jsonl.gz"))]
    parts = [part if part.endswith(b"\n") else part + b"\n" for part in parts]
    path, written, turn = folder / "large.jsonl", 0, 0
    with open(path, "wb") as out:
        while written < size * 1_000_000:
            turn += 1
            for part in parts:
                for key in (b'"auditID":"', b'"uid":"', b'"namespace":"', b"/namespaces/"):
                    part = part.replace(key, key + b"r%d-" % turn)
                written += out.write(part)
    return path


def leases(folder, versions):
    path = folder / f"leases-{versions}.jsonl"
    with open(path, "w") as out:
        for at in range(1, versions + 1):
            def lease(version, second):
                return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                        "metadata": {"name": "l", "namespace": "n", "uid": "u", "resourceVersion": str(version)},
                        "spec": {"holderIdentity": "a", "renewTime": moment(second)}}
            def moment(second):
                return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(1_700_000_000 + second))
            out.write(json.dumps({
                "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
                "auditID": f"id-{at}", "stage": "ResponseComplete", "verb": "update",
                "requestURI": "/apis/coordination.k8s.io/v1/namespaces/n/leases/l",
                "user": {"username": "elector"}, "sourceIPs": ["10.0.0.1"], "userAgent": "elector/v1",
                "objectRef": {"resource": "leases", "namespace": "n", "name": "l",
                              "apiGroup": "coordination.k8s.io", "apiVersion": "v1"},
                "responseStatus": {"code": 200}, "requestReceivedTimestamp": moment(at),
                "stageTimestamp": moment(at), "requestObject": lease(at, at),
                "responseObject": lease(at + 1, at)}) + "\n")
    return path


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    print("| | CPU s | wall s | MiB |\n|---|---:|---:|---:|")
    for versions in (10_000, 20_000, 40_000):
        row(f"{versions} versions of one Lease", *run(binary, "judge", str(leases(folder, versions))))
    path = large(folder)
    with open(path, "rb") as whole, open(folder / "20000.jsonl", "wb") as part:
        part.writelines(line for _, line in zip(range(20_000), whole))
    row("20,000 events", *run(binary, "judge", str(folder / "20000.jsonl")))
    megabytes = path.stat().st_size / 1e6
    judged = run(binary, "judge", str(path))
    row(f"{megabytes:.0f} MB", *judged)
    jq = run("jq", "-c", 'select(.objectRef.resource == "widgets")', str(path))
    row(f"jq, {megabytes:.0f} MB filtered for one kind", *jq)
    print(f"\njudge takes {judged[1] / jq[1]:.2f} times the CPU of jq")
