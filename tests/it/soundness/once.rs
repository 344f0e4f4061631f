//! Scenarios of which a search once said something else than the plain one.

/// What the searches once told otherwise than the plain one, each with what was not looked at.
pub(super) const ONCE_WRONG: [(&str, &str); 16] = [
    (
        "only one of two like workers may meet a deadline",
        "objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
workers:
  - {name: a, steps: [{get: ConfigMap/x}, {write: update, object: ConfigMap/x, sets: {data.a: p}}]}
  - {name: b, steps: [{get: ConfigMap/x}, {write: update, object: ConfigMap/x, sets: {data.b: p}}]}
  - {name: c, write: merge-patch, sets: {data.c: p}}
controllers:
  - {name: k, workers: [a], requeue: {max: 2, deadline: 1s}}
  - {name: l, workers: [b], requeue: {max: 2}}",
    ),
    (
        "only one of two like workers waits in a queue after a failure",
        "objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
workers:
  - {name: a, attempts: 2, steps: [{get: ConfigMap/x}, {write: update, object: ConfigMap/x, sets: \
         {data.a: p}}]}
  - {name: b, attempts: 2, steps: [{get: ConfigMap/x}, {write: update, object: ConfigMap/x, sets: \
         {data.b: p}}]}
  - {name: c, write: merge-patch-literal, sets: {data.c: p}}
controllers: [{name: k, workers: [a], requeue: {max: 1}}]
faults: {crashes: 1}",
    ),
    (
        "one of two like workers fills the memory that they share from the cache",
        "objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
workers:
  - {name: a, process: p, write: update-shared, read: cache, sets: {data.a: p}}
  - {name: b, process: p, write: update-shared, sets: {data.b: p}}",
    ),
    (
        "a stale body is refused by the decoder before its version is compared",
        "objects: [{apiVersion: v1, kind: Node, metadata: {name: x}}]
workers:
  - {name: a, write: update-retry, sets: {status.daemonEndpoints.kubeletEndpoint.Port: {$read: \
         status.phase}}}
  - {name: b, write: merge-patch, sets: {status.phase: Running}}
  - {name: c, write: merge-patch, sets: {status.nodeInfo.kernelVersion: p}}",
    ),
    (
        "a PUT of a Lease that is gone creates it, with all that stands in the body",
        "objects: [{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: x}, spec: \
         {holderIdentity: z}}]
workers:
  - {name: a, write: update, sets: {spec.holderIdentity: a}}
  - {name: d, steps: [{delete: Lease/x}]}
invariants: [{name: held, finally: {Lease/x.spec.holderIdentity: a}}]",
    ),
    (
        "and so does one of a Lease as the cache has it",
        "objects: [{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: x}, spec: \
         {holderIdentity: z, leaseTransitions: 1}}]
workers:
  - {name: a, write: update, read: cache, sets: {spec.leaseTransitions: 2}}
  - {name: d, steps: [{delete: Lease/x}]}
invariants: [{name: held, finally: {Lease/x.spec.holderIdentity: z}}]",
    ),
    (
        "an invariant compares a resourceVersion",
        "objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
workers:
  - {name: b, write: update, sets: {data.b: p}}
  - {name: c, write: update, sets: {data.c: p}}
  - {name: d, write: merge-patch, sets: {data.d: p}}
invariants: [{name: fourth, never: {ConfigMap/x.metadata.resourceVersion: '4'}}]",
    ),
    (
        "a test compares a field with a resourceVersion",
        "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {v: '5'}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: y}}
workers:
  - name: a
    steps:
      - get: ConfigMap/x
      - get: ConfigMap/y
      - when: {ConfigMap/x.data.v: {$eq: {$read: ConfigMap/y.metadata.resourceVersion}}}
      - effect: same
  - {name: b, object: ConfigMap/y, write: update, sets: {data.b: p}}
  - {name: c, object: ConfigMap/y, write: update, sets: {data.c: p}}
invariants: [{name: other, effect: {same: never}}]",
    ),
    (
        "the schema takes the name of one entry only",
        "# NAME: pattern: '^[ac-z]+$'
objects: [{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: x}}]
workers:
  - {name: a, write: update, sets: {'status.conditions[type=a]': {status: 'True'}}}
  - {name: b, write: update, sets: {'status.conditions[type=b]': {status: 'True'}}}
expect: rejected",
    ),
    (
        "a default names the field of one worker",
        "# STATUS: default: {mine: {a: x}}
objects: [{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: x}}]
workers:
  - {name: a, attempts: 2, write: update, sets: {status.mine.a: z}}
  - {name: b, attempts: 2, write: update, sets: {status.mine.b: z}}
  - {name: c, write: merge-patch, sets: {status: {$remove: true}}}",
    ),
    (
        "the server takes the key of one worker only",
        "objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
workers:
  - {name: a, write: update, sets: {data.a: p}}
  - {name: b, write: update, sets: {'data[\"b c\"]': p}}
  - {name: c, write: update, sets: {data.c: p}}
expect: rejected",
    ),
    (
        "entries that are told apart by a number are not exchanged",
        "objects: [{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{name: a, \
         port: 80}, {name: b, port: 81}]}}]
workers:
  - {name: a, write: update, sets: {'spec.ports[port=80].targetPort': 9}}
  - {name: b, write: update, sets: {'spec.ports[port=81].targetPort': 9}}
  - {name: c, write: update, sets: {'metadata.labels.c': p}}",
    ),
    (
        "a stale patch with a value of the wrong type is refused for that",
        "objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}]
workers:
  - {name: a, write: merge-patch-locked, sets: {data.a: p}}
  - {name: b, write: merge-patch-locked, sets: {data.b: 5}}",
    ),
    (
        "a stale strategic patch of an entry without its merge key is refused for that",
        "objects: [{apiVersion: v1, kind: Node, metadata: {name: x}, status: {conditions: \
         [{type: d, status: 'True'}]}}]
workers:
  - {name: a, attempts: 1, write: strategic-merge-patch-locked, sets: \
         {'status.conditions[0].reason': A, 'status.conditions[type=d]': {$remove: true}}}
  - {name: b, attempts: 1, write: strategic-merge-patch-locked, sets: \
         {'status.conditions[0].reason': B, 'status.conditions[type=d]': {$remove: true}}}
  - {name: c, attempts: 1, write: strategic-merge-patch-locked, sets: \
         {'status.conditions[0].reason': C, 'status.conditions[type=d]': {$remove: true}}}",
    ),
    (
        "an object of another kind has the same name and is in the same cache",
        "objects:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}
  - {apiVersion: v1, kind: Secret, metadata: {name: x}, data: {a: MQ==}}
workers:
  - {name: a, process: p, object: ConfigMap/x, read: cache, write: update, sets: {data.a: p}}
  - {name: b, process: p, object: ConfigMap/x, read: cache, write: update, sets: {data.b: p}}
  - {name: c, process: p, object: Secret/x, read: cache, write: update, when: {data.a: MQ==}, \
         sets: {data.c: MQ==}}",
    ),
    (
        "a value tells apart the entry in which it stands",
        "objects: [{apiVersion: v1, kind: Node, metadata: {name: x}, status: {conditions: [{type: \
         d, status: 'True'}]}}]
workers:
  - {name: a, write: update, sets: {'status.conditions[type=d].type': A}}
  - {name: b, write: update, sets: {'status.conditions[type=d].type': B}}
  - {name: c, write: update, sets: {'status.conditions[type=A].status': 'False'}}",
    ),
];
