"""A controller that adds its own condition to the list of each Widget. Standard library only.

    controller.py CONDITION locked|unlocked|first [MILLISECONDS]

`first` names the version for the first Widget that it meets, and for no other. With milliseconds it
does something else for so long, and then reads the Widget itself.
"""

import http.client
import json
import os
import re
import sys
import time

CONDITION, MODE = sys.argv[1], sys.argv[2]
ELSEWHERE = int(sys.argv[3]) if len(sys.argv) > 3 else 0
MET = []
SERVER = re.search(r'http://([^"]+)', open(os.environ["KUBECONFIG"]).read()).group(1)
PATH = "/apis/demo.example.com/v1/namespaces/default/widgets"


def request(method, path, body=None):
    connection = http.client.HTTPConnection(SERVER, timeout=30)
    kind = {"content-type": "application/merge-patch+json"}
    connection.request(method, path, json.dumps(body) if body else None, kind if body else {})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def reconcile(widget):
    name = widget["metadata"]["name"]
    if ELSEWHERE:
        time.sleep(ELSEWHERE / 1000)
        code, widget = request("GET", f"{PATH}/{name}")
        if code != 200:
            return
    MET.append(name)
    conditions = widget.get("status", {}).get("conditions", [])
    if any(condition["type"] == CONDITION for condition in conditions):
        return
    patch = {"status": {"conditions": conditions + [{"type": CONDITION, "status": "True"}]}}
    if MODE == "locked" or MODE == "first" and name == MET[0]:
        patch["metadata"] = {"resourceVersion": widget["metadata"]["resourceVersion"]}
    code, _ = request("PATCH", f"{PATH}/{name}/status", patch)
    print(CONDITION, code, flush=True)


code, widgets = request("GET", PATH)
for item in widgets["items"]:
    reconcile(item)
watch = http.client.HTTPConnection(SERVER)
version = widgets["metadata"]["resourceVersion"]
watch.request("GET", f"{PATH}?watch=true&resourceVersion={version}")
for line in watch.getresponse():
    if line.strip():
        reconcile(json.loads(line)["object"])
