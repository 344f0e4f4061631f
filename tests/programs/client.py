"""What the programs of the tests ask the API server by. Standard library only."""

import http.client
import json
import os
import re
import ssl
import time

if "KUBERNETES_SERVICE_HOST" in os.environ:  # as in a pod
    SERVER = f"{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
    ACCOUNT = os.environ["LOSTWRITE_SERVICE_ACCOUNT"]
    TRUST = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    HEAD = {"authorization": f"Bearer {open(f'{ACCOUNT}/token').read()}"}
else:
    SERVER = re.search(r'http://([^"]+)', open(os.environ["KUBECONFIG"]).read()).group(1)
    TRUST, HEAD = None, {}
WIDGET = "/apis/demo.example.com/v1/namespaces/default/widgets/demo"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"


def request(method, path, body=None, kind="application/merge-patch+json"):
    """The status code and the answer; 0 if the connection was closed first."""
    if TRUST:
        connection = http.client.HTTPSConnection(SERVER, timeout=30, context=TRUST)
    else:
        connection = http.client.HTTPConnection(SERVER, timeout=30)
    head = HEAD | ({"content-type": kind} if body is not None else {})
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
