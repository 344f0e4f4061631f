package example_test

import (
	"os"
	"strconv"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// runs is the maximum number of executions of the tests below.
func runs(usually int) int {
	if most, err := strconv.Atoi(os.Getenv("RUNS")); err == nil {
		return most
	}
	return usually
}

// An operator beside an autoscaler, which is only modelled: spec.replicas is the autoscaler's.
func scaled(replicas *int32) lostwrite.Cluster {
	labels := map[string]string{"app": "web"}
	return lostwrite.Cluster{
		Objects: []any{&apps.Deployment{
			TypeMeta:   meta.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
			ObjectMeta: meta.ObjectMeta{Name: "web", Namespace: "default"},
			Spec: apps.DeploymentSpec{
				Selector: &meta.LabelSelector{MatchLabels: labels},
				Template: core.PodTemplateSpec{
					ObjectMeta: meta.ObjectMeta{Labels: labels},
					Spec: core.PodSpec{Containers: []core.Container{
						{Name: "main", Image: "registry.example.com/main:1"},
					}},
				},
			},
		}},
		Controllers: map[string]lostwrite.Controller{"sizer": example.Sizer{Replicas: replicas}.Run},
		Workers: []any{map[string]any{
			"name": "hpa", "object": "Deployment/web", "write": "merge-patch",
			"sets": map[string]any{"spec.replicas": 5},
		}},
		Runs: runs(10),
		More: map[string]any{"invariants": []any{map[string]any{
			"name":  "hpa-owns-replicas",
			"owner": map[string]any{"path": "Deployment/web.spec.replicas", "by": "hpa"},
		}}},
	}
}

// Applied with force, the number of replicas is taken away from the autoscaler.
func TestForcedReplicas(t *testing.T) {
	one := int32(1)
	check := scaled(&one)
	check.ExpectLoss = true
	check.More["expect"] = map[string]any{"hpa-owns-replicas": "violated"}
	lostwrite.Check(t, check)
}

// What is left out of an apply is not taken away.
func TestReplicasLeftOut(t *testing.T) {
	lostwrite.Check(t, scaled(nil))
}

// Two replicas that race for a Lease: at most one may lead.
func candidates(lead func(name string) lostwrite.Controller) lostwrite.Cluster {
	leads := func(name string) any {
		return map[string]any{"ConfigMap/leaders.data." + name: "leads"}
	}
	object := func(version, kind, name string) any {
		metadata := map[string]any{"name": name, "namespace": "default"}
		return map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata}
	}
	return lostwrite.Cluster{
		Objects: []any{
			object("coordination.k8s.io/v1", "Lease", "leader"), object("v1", "ConfigMap", "leaders"),
		},
		Controllers: map[string]lostwrite.Controller{"one": lead("one"), "two": lead("two")},
		LeasesRace:  true,
		Runs:        runs(4),
		More: map[string]any{"invariants": []any{map[string]any{
			"name":  "one-leader",
			"never": map[string]any{"all": []any{leads("one"), leads("two")}},
		}}},
	}
}

// A merge patch without a version, of a Lease that was free when it was read: both lead.
func TestLeaseByHand(t *testing.T) {
	check := candidates(func(name string) lostwrite.Controller { return example.LeadByHand(name, false) })
	check.ExpectLoss, check.Runs = true, runs(10)
	check.More["expect"] = map[string]any{"one-leader": "violated"}
	lostwrite.Check(t, check)
}

func TestLeaseByHandLocked(t *testing.T) {
	lostwrite.Check(t, candidates(func(name string) lostwrite.Controller { return example.LeadByHand(name, true) }))
}

func TestLeaseOfClientGo(t *testing.T) {
	lostwrite.Check(t, candidates(func(name string) lostwrite.Controller { return example.LeadByClientGo(name) }))
}
