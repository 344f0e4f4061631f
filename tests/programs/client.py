"""What the programs of the tests ask the API server by. Standard library only."""

import http.client
import json
import os
import re
import time

SERVER = re.search(r'http://([^"]+)', open(os.environ["KUBECONFIG"]).read()).group(1)
WIDGET = "/apis/demo.example.com/v1/namespaces/default/widgets/demo"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def request(method, path, body=None, kind="application/merge-patch+json"):
    """The status code and the answer; 0 if the connection was closed first."""
    connection = http.client.HTTPConnection(SERVER, timeout=30)
    head = {"content-type": kind} if body is not None else {}
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, head)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except http.client.HTTPException:
        return 0, {}


def rest():
    """Waits until it is ended."""
    print("done", flush=True)
    time.sleep(3600)
