"""Programs in Go, Python and JavaScript write to one server at once; then everything that was
acknowledged is looked for. soak.py KUBECONFIG SECONDS PID COMMAND... : each command is a client."""

import json
import subprocess
import sys
import time

from kubernetes import client, config
from kubernetes.client.rest import ApiException


def soak(core, seconds, prefix):
    """What the other two do, by the official Python client."""
    end = time.time() + seconds
    kept, added, n = [], 0, 0
    while time.time() < end:
        name, n = f"python-{prefix}-{n}", n + 1
        body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name))
        core.create_namespaced_config_map("default", body)
        kept.append(name)
        if len(kept) > 50:
            core.delete_namespaced_config_map(kept.pop(0), "default")
        for _ in range(5):
            try:
                body = core.read_namespaced_config_map("counter", "default")
                body.data["n"] = str(int(body.data["n"]) + 1)
                core.replace_namespaced_config_map("counter", "default", body)
                added += 1
                break
            except ApiException as error:
                if error.status != 409:
                    raise
    return {"kept": kept, "added": added}


def resident(pid):
    """The resident memory of a process in MiB."""
    with open(f"/proc/{pid}/status") as lines:
        found = [line for line in lines if line.startswith("VmRSS")]
    return int(found[0].split()[1]) // 1024


def main():
    kubeconfig, seconds, pid = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    config.load_kube_config(kubeconfig)
    core = client.CoreV1Api()
    meta = client.V1ObjectMeta(name="counter")
    core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=meta, data={"n": "0"}))
    commands = [command.split() + [str(seconds)] for command in sys.argv[4:]]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    memory, step = [], max(seconds // 8, 1)
    # The memory is looked at between the parts of this client's own work.
    told = [{"kept": [], "added": 0}]
    for part in range(8):
        done = soak(core, step, part)
        told[0]["kept"] += done["kept"]
        told[0]["added"] += done["added"]
        memory.append(resident(pid))
    for other in others:
        out, _ = other.communicate(timeout=60)
        if other.returncode != 0:
            print(f"FAIL soak: {other.args[0]} ended with {other.returncode}")
            return 1
        told.append(json.loads(out))
    found = {it.metadata.name for it in core.list_namespaced_config_map("default").items}
    wanted = {name for one in told for name in one["kept"]}
    counter = int(core.read_namespaced_config_map("counter", "default").data["n"])
    added = sum(one["added"] for one in told)
    revision = core.list_namespaced_config_map("default", limit=1).metadata.resource_version
    failed = 0

    def says(holds, text):
        nonlocal failed
        failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} soak: {text}")

    says(wanted <= found, f"each of {len(wanted)} objects that should be there is")
    says(found - wanted == {"counter"}, "and no other")
    says(counter == added, f"{added} acknowledged increments by {len(told)} clients, {counter} counted")
    # The past grows until it has its size; then it stays.
    flat = memory[-1] <= memory[3] * 1.25 + 8
    says(flat, f"memory in MiB: {memory}, at revision {revision}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
