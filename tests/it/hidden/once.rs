//! Scenarios of whose logs a write was once accused that had lost nothing.

/// Each with what was not looked at.
pub(super) const ONCE_WRONG: [(&str, &str); 8] = [
    (
        "a PUT of memory that another worker changed says what the other meant",
        "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default, labels: {l: \
         '1'}, finalizers: [x.io/a]}, data: {a: '0', b: '0'}}
workers:
  - {name: a, write: update-shared, sets: {metadata.labels.l: '3'}, when: {data.a: '0'}, process: \
         shared, attempts: 2}
  - {name: b, write: update-shared, sets: {metadata.labels: {$exactly: {l: '9'}}, \
         metadata.finalizers: {$append: x.io/a}}, process: shared, attempts: 1}
  - {name: c, write: update-restamp, sets: {data.a: x}, attempts: 3}",
    ),
    (
        "an apply that leaves out what its manager never applied does not mean that it goes",
        "objects:
  - {apiVersion: v1, kind: Node, metadata: {name: demo}, spec: {}, status: {phase: Pending, \
         capacity: {cpu: '1'}, conditions: [{type: Ready, status: 'False'}]}}
workers:
  - {name: a, write: json-patch-tested, sets: {'status.conditions[type=Ready]': {status: \
         'True'}}, attempts: 2, runs: 3}
  - {name: b, write: apply-force, sets: {'status.conditions[type=Ready]': {$remove: true}}, \
         attempts: 2, runs: 3}
  - {name: c, write: update-restamp, sets: {status.capacity.memory: 1Gi}, attempts: 3, runs: 3}",
    ),
    (
        "to find an entry that one writes is not to find what others wrote into it",
        "crds: [crds/widget.crd.yaml]
objects:
  - {apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo, namespace: default}, \
         spec: {replicas: 1}, status: {phase: Old, restarts: 0, conditions: [{type: A, status: \
         'False'}]}}
workers:
  - {name: a, write: json-patch-tested, sets: {'status.conditions[type=A].reason': Why}, \
         attempts: 1, runs: 6}
  - {name: b, write: update-retry, sets: {status.conditions: {$exactly: [{type: A, status: \
         'True'}]}, status.addresses: [{type: X, address: x}]}, attempts: 1, retryRead: none, \
         runs: 6}",
    ),
    (
        "to find an entry of a built-in kind that one writes is not to find what others wrote",
        "objects:
  - {apiVersion: v1, kind: Node, metadata: {name: demo}, spec: {}, status: {phase: Pending, \
         conditions: [{type: Ready, status: 'False'}]}}
workers:
  - {name: a, write: strategic-merge-patch-locked, sets: {'status.conditions[type=Ready].reason': \
         Why}, attempts: 1, runs: 6}
  - {name: b, write: update-retry, sets: {status.conditions: {$exactly: [{type: Ready, status: \
         'True'}]}}, attempts: 1, retryRead: none, runs: 6}",
    ),
    (
        "a JSON patch puts a map in the place of another on purpose",
        "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default, labels: {l: '1'}}}
workers:
  - {name: a, write: update-restamp, sets: {metadata.labels: {$remove: true}}, attempts: 1, runs: 6}
  - {name: b, write: json-patch, sets: {metadata.labels: {$exactly: {l: '9'}}}, runs: 6}
  - {name: c, write: merge-patch-restamp, sets: {metadata.labels.n: '4'}, attempts: 3, runs: 6}",
    ),
    (
        "an item that another removed is put back on purpose",
        "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default, finalizers: \
         [x.io/a]}}
workers:
  - {name: a, write: merge-patch-restamp, sets: {'metadata.finalizers[0]': {$remove: true}}, \
         attempts: 3, runs: 6}
  - {name: b, write: strategic-merge-patch, sets: {metadata.labels: {$remove: true}}, attempts: 2, \
         runs: 6}
  - {name: c, write: update, sets: {metadata.finalizers: {$append: x.io/a}, metadata.labels.n: \
         '4'}, attempts: 3, runs: 6}",
    ),
    (
        "a patch that does not say that a leaf goes does not replace what was written there",
        "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: default, labels: {l: '1'}}}
workers:
  - {name: a, write: strategic-merge-patch-locked, sets: {metadata.labels: {m: '2'}}, attempts: 2, \
         runs: 6}
  - {name: b, write: update-unconditional, sets: {metadata.labels.l: '3'}, attempts: 3, runs: 6}
  - {name: c, write: strategic-merge-patch, sets: {metadata.labels: {$exactly: {l: '9'}}}, \
         attempts: 2, runs: 6}",
    ),
    (
        "what was made of the object before is sent again to the one that was created",
        "crds: [crds/widget.crd.yaml]
objects:
  - {apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo, namespace: default}, \
         spec: {replicas: 1}, status: {phase: Old, restarts: 0}}
workers:
  - {name: a, write: json-patch, sets: {status.phase: New}, attempts: 3, runs: 3}
  - {name: b, write: merge-patch-restamp, sets: {status.restarts: {$add: 1}}, attempts: 2, runs: 3}
  - {name: c, write: json-patch, sets: {'status.addresses[type=Y]': {address: '3'}}, attempts: 3, \
         runs: 3}
faults: {recreations: 1}",
    ),
];
