package example_test

import (
	"testing"

	lostwrite "lostwrite.dev/contrib/go"
	"lostwrite.dev/contrib/go/example"
)

func cluster(write example.Write) lostwrite.Cluster {
	return lostwrite.Cluster{
		CRDs: []string{"crd.yaml"},
		Objects: []any{map[string]any{
			"apiVersion": "demo.example.com/v1", "kind": "Widget",
			"metadata": map[string]any{"name": "demo", "namespace": "default"},
		}},
		Controllers: map[string]lostwrite.Controller{
			"ready": example.Keeper{Condition: "Ready", Write: write}.Run,
			"usage": example.Keeper{Condition: "Usage", Write: write}.Run,
		},
	}
}

// A merge patch replaces the list: one of the two conditions is lost. This is the test before the
// fix, so it expects the loss; without ExpectLoss it fails and prints the drawing.
func TestMergePatch(t *testing.T) {
	check := cluster(example.Merge)
	check.ExpectLoss, check.Runs = true, 10
	lostwrite.Check(t, check)
}

// With the resourceVersion in the patch the API server answers 409, and the reconcile runs again.
func TestLocked(t *testing.T) {
	check := cluster(example.Locked)
	check.Runs = 5
	lostwrite.Check(t, check)
}

// Two replicas that race for one Lease, as client-go's leader election has them: none is deceived.
func TestReplicas(t *testing.T) {
	check := cluster(example.Merge)
	replica := example.Keeper{Condition: "Ready", Write: example.Merge, LeaderElection: true}
	check.Controllers = map[string]lostwrite.Controller{"one": replica.Run, "two": replica.Run}
	check.LeasesRace, check.Runs = true, 3
	lostwrite.Check(t, check)
}
