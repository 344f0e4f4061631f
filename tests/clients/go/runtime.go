package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// A reconciler that gives each ConfigMap labelled `run` a Deployment that it owns.
type reconciler struct {
	client.Client
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var owner core.ConfigMap
	if err := r.Get(ctx, request.NamespacedName, &owner); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if owner.Labels["run"] == "" {
		return ctrl.Result{}, nil
	}
	child := &apps.Deployment{ObjectMeta: meta.ObjectMeta{Name: owner.Name, Namespace: owner.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, child, func() error {
		replicas := int32(2)
		child.Spec.Replicas = &replicas
		if child.Spec.Selector == nil {
			child.Spec.Selector, child.Spec.Template = selector(owner.Name), template(owner.Name)
		}
		return controllerutil.SetControllerReference(&owner, child, scheme.Scheme)
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if owner.Data["deployment"] == child.Name {
		return ctrl.Result{}, nil
	}
	base := owner.DeepCopy()
	owner.Data = map[string]string{"deployment": child.Name}
	return ctrl.Result{}, r.Patch(ctx, &owner, client.MergeFrom(base))
}

func controllerRuntime(config *rest.Config) []call {
	log.SetLogger(logr.Discard())
	made, err := client.New(config, client.Options{})
	if err != nil {
		return []call{{"client", func(context.Context) error { return err }}}
	}
	ns := "default"
	object := func(name string) client.ObjectKey { return client.ObjectKey{Namespace: ns, Name: name} }
	var found core.ConfigMap
	return []call{
		{"create", func(ctx context.Context) error {
			owner := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Name: "owner", Namespace: ns, Labels: map[string]string{"run": "x"}}}
			return made.Create(ctx, owner)
		}},
		{"get, update", func(ctx context.Context) error {
			if err := made.Get(ctx, object("owner"), &found); err != nil {
				return err
			}
			found.Data = map[string]string{"a": "1"}
			return made.Update(ctx, &found)
		}},
		{"list", func(ctx context.Context) error {
			var list core.ConfigMapList
			if err := made.List(ctx, &list, client.InNamespace(ns), client.MatchingLabels{"run": "x"}); err != nil {
				return err
			}
			return want(len(list.Items), 1)
		}},
		{"patches: merge, strategic", func(ctx context.Context) error {
			base := found.DeepCopy()
			found.Data["b"] = "2"
			if err := made.Patch(ctx, &found, client.MergeFrom(base)); err != nil {
				return err
			}
			base = found.DeepCopy()
			found.Data["c"] = "3"
			return made.Patch(ctx, &found, client.StrategicMergeFrom(base))
		}},
		{"status update", func(ctx context.Context) error {
			pod := &core.Pod{ObjectMeta: meta.ObjectMeta{Name: "cr", Namespace: ns}, Spec: template("cr").Spec}
			if err := made.Create(ctx, pod); err != nil {
				return err
			}
			pod.Status.Phase = core.PodRunning
			return made.Status().Update(ctx, pod)
		}},
		{"metadata only", func(ctx context.Context) error {
			partial := &meta.PartialObjectMetadata{}
			partial.SetGroupVersionKind(core.SchemeGroupVersion.WithKind("ConfigMap"))
			return made.Get(ctx, object("owner"), partial)
		}},
		{"delete, DeleteAllOf", func(ctx context.Context) error {
			pod := &core.Pod{ObjectMeta: meta.ObjectMeta{Name: "cr", Namespace: ns}}
			if err := made.Delete(ctx, pod, client.GracePeriodSeconds(0)); err != nil {
				return err
			}
			return made.DeleteAllOf(ctx, &core.Secret{}, client.InNamespace(ns))
		}},
		{"manager with leader election: converges", func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			lease, renew, period := 3*time.Second, 2*time.Second, time.Second
			manager, err := ctrl.NewManager(config, ctrl.Options{LeaderElection: true,
				LeaderElectionID: "lostwrite", LeaderElectionNamespace: ns,
				LeaseDuration: &lease, RenewDeadline: &renew, RetryPeriod: &period,
				Metrics: server.Options{BindAddress: "0"}})
			if err != nil {
				return err
			}
			err = ctrl.NewControllerManagedBy(manager).For(&core.ConfigMap{}).Owns(&apps.Deployment{}).
				Complete(&reconciler{manager.GetClient()})
			if err != nil {
				return err
			}
			ended := make(chan error, 1)
			go func() { ended <- manager.Start(ctx) }()
			for range 200 {
				select {
				case err := <-ended:
					return fmt.Errorf("the manager ended: %v", err)
				case <-time.After(100 * time.Millisecond):
				}
				var child apps.Deployment
				if made.Get(ctx, object("owner"), &child) != nil || made.Get(ctx, object("owner"), &found) != nil {
					continue
				}
				if *child.Spec.Replicas == 2 && len(child.OwnerReferences) == 1 && found.Data["deployment"] == "owner" {
					return nil
				}
			}
			return errors.New("has not converged in 20 s")
		}},
	}
}
