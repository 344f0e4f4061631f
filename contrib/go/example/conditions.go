// Package example has two controllers as many operators have them: each keeps a condition of its own
// in status.conditions of one kind of object.
package example

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// Write is how a keeper writes the status.
type Write string

// The write methods: a merge patch, the same with the resourceVersion that was read, and a PUT.
const (
	Merge  Write = "merge"
	Locked Write = "locked"
	Update Write = "update"
)

// A Keeper keeps one condition in the status of each Widget.
type Keeper struct {
	Condition string
	Write     Write
	// Measure passes in each reconcile before the Widget is read: a call to somewhere else.
	Measure time.Duration
	// Cached reads the Widget from the manager's cache, as typed objects are read.
	Cached bool
	// LeaderElection makes the manager wait for a Lease of its own.
	LeaderElection bool
	// Owns makes the keeper create a ConfigMap for each Widget and watch it.
	Owns bool

	client client.Client
}

func widget() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("demo.example.com/v1")
	object.SetKind("Widget")
	return object
}

// Run runs a manager with this keeper until the context ends.
func (k Keeper) Run(ctx context.Context, config *rest.Config) error {
	log.SetLogger(logr.Discard())
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Metrics:                 server.Options{BindAddress: "0"},
		LeaderElection:          k.LeaderElection,
		LeaderElectionID:        "keeper-" + k.child("lock"),
		LeaderElectionNamespace: "default",
		Client:                  client.Options{Cache: &client.CacheOptions{Unstructured: k.Cached}},
	})
	if err != nil {
		return err
	}
	k.client = manager.GetClient()
	builder := ctrl.NewControllerManagedBy(manager).For(widget())
	if k.Owns {
		builder = builder.Owns(&core.ConfigMap{})
	}
	if err := builder.Complete(&k); err != nil {
		return err
	}
	return manager.Start(ctx)
}

func (k *Keeper) child(name string) string {
	return fmt.Sprintf("%s-%x", name, []byte(k.Condition))
}

// Reconcile adds the condition, if it is not there.
func (k *Keeper) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	time.Sleep(k.Measure)
	object := widget()
	if err := k.client.Get(ctx, request.NamespacedName, object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if k.Owns {
		child := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: k.child(object.GetName()), Namespace: object.GetNamespace()}}
		_, err := controllerutil.CreateOrUpdate(ctx, k.client, child, func() error {
			child.Data = map[string]string{"widget": object.GetName()}
			return controllerutil.SetControllerReference(object, child, k.client.Scheme())
		})
		if err != nil {
			return ctrl.Result{}, err
		}
	}
	base := object.DeepCopy()
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, condition := range conditions {
		if condition.(map[string]any)["type"] == k.Condition {
			return ctrl.Result{}, nil
		}
	}
	conditions = append(conditions, map[string]any{"type": k.Condition, "status": "True"})
	if err := unstructured.SetNestedSlice(object.Object, conditions, "status", "conditions"); err != nil {
		return ctrl.Result{}, err
	}
	var err error
	switch k.Write {
	case Update:
		err = k.client.Status().Update(ctx, object)
	case Locked:
		patch := client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
		err = k.client.Status().Patch(ctx, object, patch)
	default:
		err = k.client.Status().Patch(ctx, object, client.MergeFrom(base))
	}
	fmt.Println(k.Condition, "written, error:", err)
	return ctrl.Result{}, err
}
