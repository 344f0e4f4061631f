package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const space = "features"

func placed(name string) meta.ObjectMeta { return meta.ObjectMeta{Name: name, Namespace: space} }

func key(name string) client.ObjectKey { return client.ObjectKey{Namespace: space, Name: name} }

// What else an author of a controller uses: each feature is a call, and they go on from each other.
func features(config *rest.Config) []call {
	made, err := client.NewWithWatch(config, client.Options{})
	if err != nil {
		return []call{{"client with watch", func(context.Context) error { return err }}}
	}
	var one core.ConfigMap
	web := &apps.Deployment{ObjectMeta: placed("web")}
	return []call{
		{"RESTMapper", func(context.Context) error {
			found, err := made.RESTMapper().RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
			if err != nil {
				return err
			}
			namespaced, err := made.IsObjectNamespaced(&core.Node{})
			if err != nil {
				return err
			}
			return equal(fmt.Sprintf("%s %v", found.Resource.Resource, namespaced), "deployments false")
		}},
		{"create: dry run, field owner, strict fields", func(ctx context.Context) error {
			if err := made.Create(ctx, &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: space}}); err != nil {
				return err
			}
			dry := &core.ConfigMap{ObjectMeta: placed("dry")}
			if err := made.Create(ctx, dry, client.DryRunAll); err != nil {
				return err
			}
			if err := made.Get(ctx, key("dry"), dry); !apierrors.IsNotFound(err) {
				return fmt.Errorf("a dry run stored it: %v", err)
			}
			strict := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
				"metadata": map[string]any{"name": "strict", "namespace": space}, "nope": "x"}}
			if err := made.Create(ctx, strict, client.FieldValidation("Strict")); !apierrors.IsBadRequest(err) {
				return fmt.Errorf("an unknown field is taken: %v", err)
			}
			for _, name := range []string{"a", "b", "c"} {
				labels := map[string]string{"group": "features", "name": name}
				owner := &core.ConfigMap{ObjectMeta: placed(name), Data: map[string]string{"n": name}}
				owner.Labels = labels
				if err := made.Create(ctx, owner, client.FieldOwner("author")); err != nil {
					return err
				}
				if owner.ManagedFields[0].Manager != "author" {
					return fmt.Errorf("the manager is %v", owner.ManagedFields)
				}
			}
			return nil
		}},
		{"list: field selector, limit and continue", func(ctx context.Context) error {
			var list core.ConfigMapList
			byName := client.MatchingFields{"metadata.name": "b"}
			if err := made.List(ctx, &list, client.InNamespace(space), byName); err != nil {
				return err
			}
			if err := want(len(list.Items), 1); err != nil {
				return err
			}
			pages := 0
			for next := ""; pages == 0 || next != ""; pages++ {
				var page core.ConfigMapList
				options := []client.ListOption{client.InNamespace(space), client.HasLabels{"group"}, client.Limit(2), client.Continue(next)}
				if err := made.List(ctx, &page, options...); err != nil {
					return err
				}
				next = page.Continue
			}
			return want(pages, 2)
		}},
		{"merge patch with optimistic lock", func(ctx context.Context) error {
			if err := made.Get(ctx, key("a"), &one); err != nil {
				return err
			}
			stale, base := one.DeepCopy(), one.DeepCopy()
			one.Data["x"] = "1"
			if err := made.Patch(ctx, &one, client.MergeFrom(base)); err != nil {
				return err
			}
			base = stale.DeepCopy()
			stale.Data["y"] = "1"
			locked := client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
			if err := made.Patch(ctx, stale, locked); !apierrors.IsConflict(err) {
				return fmt.Errorf("a stale patch is no conflict: %v", err)
			}
			return nil
		}},
		{"apply: create, conflict, force", func(ctx context.Context) error {
			body := func(value string) *coreapply.ConfigMapApplyConfiguration {
				return coreapply.ConfigMap("applied", space).WithData(map[string]string{"k": value})
			}
			if err := made.Apply(ctx, body("1"), client.FieldOwner("one")); err != nil {
				return err
			}
			if err := made.Apply(ctx, body("2"), client.FieldOwner("two")); !apierrors.IsConflict(err) {
				return fmt.Errorf("two managers are no conflict: %v", err)
			}
			return made.Apply(ctx, body("2"), client.FieldOwner("two"), client.ForceOwnership)
		}},
		{"status: patch", func(ctx context.Context) error {
			replicas := int32(1)
			web.Spec = apps.DeploymentSpec{Replicas: &replicas, Selector: selector("web"), Template: template("web")}
			if err := made.Create(ctx, web); err != nil {
				return err
			}
			base := web.DeepCopy()
			web.Status.Replicas = 1
			if err := made.Status().Patch(ctx, web, client.MergeFrom(base)); err != nil {
				return err
			}
			return want(int(web.Status.Replicas), 1)
		}},
		{"status: apply", func(ctx context.Context) error {
			status := appsapply.DeploymentStatus().WithConditions(appsapply.DeploymentCondition().
				WithType(apps.DeploymentAvailable).WithStatus(core.ConditionTrue).WithReason("Ready"))
			body := appsapply.Deployment("web", space).WithStatus(status)
			if err := made.Status().Apply(ctx, body, client.FieldOwner("status")); err != nil {
				return err
			}
			if err := made.Get(ctx, key("web"), web); err != nil {
				return err
			}
			return want(len(web.Status.Conditions), 1)
		}},
		{"subresource scale: get, update, patch", func(ctx context.Context) error {
			scale := &autoscaling.Scale{}
			if err := made.SubResource("scale").Get(ctx, web, scale); err != nil {
				return err
			}
			scale.Spec.Replicas = 3
			if err := made.SubResource("scale").Update(ctx, web, client.WithSubResourceBody(scale)); err != nil {
				return err
			}
			patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"replicas":4}}`))
			if err := made.SubResource("scale").Patch(ctx, web, patch, client.WithSubResourceBody(scale)); err != nil {
				return err
			}
			if err := made.Get(ctx, key("web"), web); err != nil {
				return err
			}
			return want(int(*web.Spec.Replicas), 4)
		}},
		{"subresource eviction: create", func(ctx context.Context) error {
			pod := &core.Pod{ObjectMeta: placed("evicted"), Spec: template("evicted").Spec}
			if err := made.Create(ctx, pod); err != nil {
				return err
			}
			return made.SubResource("eviction").Create(ctx, pod, &policy.Eviction{ObjectMeta: placed("evicted")})
		}},
		{"CreateOrUpdate, CreateOrPatch", func(ctx context.Context) error {
			object := &core.ConfigMap{ObjectMeta: placed("made")}
			set := func(value string) controllerutil.MutateFn {
				return func() error { object.Data = map[string]string{"v": value}; return nil }
			}
			told := ""
			for _, value := range []string{"1", "1", "2"} {
				result, err := controllerutil.CreateOrUpdate(ctx, made, object, set(value))
				if err != nil {
					return err
				}
				told += string(result) + " "
			}
			result, err := controllerutil.CreateOrPatch(ctx, made, object, set("3"))
			if err != nil {
				return err
			}
			return equal(told+string(result), "created unchanged updated updated")
		}},
		{"finalizer: add, delete waits, remove ends it", func(ctx context.Context) error {
			object := &core.ConfigMap{ObjectMeta: placed("made")}
			if err := made.Get(ctx, key("made"), object); err != nil {
				return err
			}
			controllerutil.AddFinalizer(object, "example.com/wait")
			if err := made.Update(ctx, object); err != nil {
				return err
			}
			if err := made.Delete(ctx, object); err != nil {
				return err
			}
			if err := made.Get(ctx, key("made"), object); err != nil || object.DeletionTimestamp == nil {
				return fmt.Errorf("it does not wait: %v", err)
			}
			controllerutil.RemoveFinalizer(object, "example.com/wait")
			if err := made.Update(ctx, object); err != nil {
				return err
			}
			if err := made.Get(ctx, key("made"), object); !apierrors.IsNotFound(err) {
				return fmt.Errorf("it is still there: %v", err)
			}
			return nil
		}},
		{"delete: preconditions, DeleteAllOf by label", func(ctx context.Context) error {
			other := meta.NewUIDPreconditions("nobody").UID
			err := made.Delete(ctx, &one, client.Preconditions{UID: other})
			if !apierrors.IsConflict(err) {
				return fmt.Errorf("another uid is no conflict: %v", err)
			}
			err = made.DeleteAllOf(ctx, &core.ConfigMap{}, client.InNamespace(space), client.MatchingLabels{"name": "c"})
			if err != nil {
				return err
			}
			var list core.ConfigMapList
			if err := made.List(ctx, &list, client.InNamespace(space), client.HasLabels{"group"}); err != nil {
				return err
			}
			return want(len(list.Items), 2)
		}},
		{"watch: added, modified, deleted", func(ctx context.Context) error {
			watching, err := made.Watch(ctx, &core.ConfigMapList{}, client.InNamespace(space), client.MatchingLabels{"w": "x"})
			if err != nil {
				return err
			}
			defer watching.Stop()
			object := &core.ConfigMap{ObjectMeta: placed("watched")}
			object.Labels = map[string]string{"w": "x"}
			if err := made.Create(ctx, object); err != nil {
				return err
			}
			object.Data = map[string]string{"v": "1"}
			if err := errors.Join(made.Update(ctx, object), made.Delete(ctx, object)); err != nil {
				return err
			}
			for _, wanted := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
				select {
				case event := <-watching.ResultChan():
					if err := equal(string(event.Type), string(wanted)); err != nil {
						return err
					}
				case <-time.After(5 * time.Second):
					return fmt.Errorf("no event %s", wanted)
				}
			}
			return nil
		}},
		{"unstructured and namespaced clients", func(ctx context.Context) error {
			found := &unstructured.Unstructured{}
			found.SetGroupVersionKind(apps.SchemeGroupVersion.WithKind("Deployment"))
			if err := client.NewNamespacedClient(made, space).Get(ctx, client.ObjectKey{Name: "web"}, found); err != nil {
				return err
			}
			replicas, _, err := unstructured.NestedInt64(found.Object, "spec", "replicas")
			return errors.Join(err, want(int(replicas), 4))
		}},
		{"cache: index, handler, sync", func(ctx context.Context) error { return cached(ctx, config, made) }},
		{"events: recorder", func(ctx context.Context) error { return recorded(ctx, config, made) }},
		{"Owns: what is deleted comes back; apply in a reconcile", func(ctx context.Context) error {
			return owned(ctx, config, made)
		}},
	}
}

func equal(found, wanted string) error {
	if found != wanted {
		return fmt.Errorf("%q, not %q", found, wanted)
	}
	return nil
}

// until asks ten times a second, for at most 20 s.
func until(holds func() bool, what string) error {
	for range 200 {
		if holds() {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("not within 20 s: " + what)
}

// cached reads by an index of a cache of its own, whose handler has seen the objects.
func cached(ctx context.Context, config *rest.Config, made client.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kept, err := cache.New(config, cache.Options{DefaultNamespaces: map[string]cache.Config{space: {}}})
	if err != nil {
		return err
	}
	byData := func(object client.Object) []string { return []string{object.(*core.ConfigMap).Data["n"]} }
	if err := kept.IndexField(ctx, &core.ConfigMap{}, "data.n", byData); err != nil {
		return err
	}
	informer, err := kept.GetInformer(ctx, &core.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	seen := make(chan string, 100)
	add := func(object any) { seen <- object.(*core.ConfigMap).Name }
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: add}); err != nil {
		return err
	}
	go func() { _ = kept.Start(ctx) }()
	if !kept.WaitForCacheSync(ctx) {
		return errors.New("the cache does not sync")
	}
	late := &core.ConfigMap{ObjectMeta: placed("late"), Data: map[string]string{"n": "late"}}
	if err := made.Create(ctx, late); err != nil {
		return err
	}
	found := func() bool {
		var list core.ConfigMapList
		err := kept.List(ctx, &list, client.MatchingFields{"data.n": "late"})
		return err == nil && len(list.Items) == 1 && len(seen) >= 3
	}
	return until(found, "the object by its index, and three handled")
}

func manager(config *rest.Config) (ctrl.Manager, error) {
	return ctrl.NewManager(config, ctrl.Options{Metrics: server.Options{BindAddress: "0"},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{space: {}}}})
}

// recorded has both recorders of a manager write an event.
func recorded(ctx context.Context, config *rest.Config, made client.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	managed, err := manager(config)
	if err != nil {
		return err
	}
	var about core.ConfigMap
	if err := made.Get(ctx, key("b"), &about); err != nil {
		return err
	}
	go func() { _ = managed.Start(ctx) }()
	managed.GetEventRecorderFor("old").Event(&about, core.EventTypeNormal, "Old", "by the old API") //nolint:staticcheck
	managed.GetEventRecorder("new").Eventf(&about, nil, core.EventTypeNormal, "New", "Testing", "by the new API")
	return until(func() bool {
		var list core.EventList
		reasons := map[string]bool{}
		if made.List(ctx, &list, client.InNamespace(space)) != nil {
			return false
		}
		for _, event := range list.Items {
			reasons[event.Reason] = true
		}
		return reasons["Old"] && reasons["New"]
	}, "two events")
}

// An applier gives each ConfigMap labelled `apply` a Secret that it owns, by apply.
type applier struct {
	client.Client
}

func (r *applier) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var owner core.ConfigMap
	if err := r.Get(ctx, request.NamespacedName, &owner); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if owner.Labels["apply"] == "" {
		return ctrl.Result{}, nil
	}
	reference := metaapply.OwnerReference().WithAPIVersion("v1").WithKind("ConfigMap").
		WithName(owner.Name).WithUID(owner.UID).WithController(true)
	child := coreapply.Secret(owner.Name, owner.Namespace).WithOwnerReferences(reference).
		WithStringData(map[string]string{"from": owner.Name})
	return ctrl.Result{}, r.Apply(ctx, child, client.FieldOwner("applier"), client.ForceOwnership)
}

// owned runs the applier, deletes what it made, and waits for that to come back.
func owned(ctx context.Context, config *rest.Config, made client.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	managed, err := manager(config)
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(managed).Named("applier").For(&core.ConfigMap{}).Owns(&core.Secret{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2}).Complete(&applier{managed.GetClient()})
	if err != nil {
		return err
	}
	go func() { _ = managed.Start(ctx) }()
	owner := &core.ConfigMap{ObjectMeta: placed("owner")}
	owner.Labels = map[string]string{"apply": "x"}
	if err := made.Create(ctx, owner); err != nil {
		return err
	}
	var child core.Secret
	there := func() bool {
		return made.Get(ctx, key("owner"), &child) == nil && meta.IsControlledBy(&child, owner)
	}
	if err := until(there, "the Secret"); err != nil {
		return err
	}
	before := child.UID
	if err := made.Delete(ctx, &child); err != nil {
		return err
	}
	return until(func() bool { return there() && child.UID != before }, "the Secret once more")
}
