package example

import (
	"context"
	"fmt"
	"time"

	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// LeadByHand is a replica that takes the Lease `leader` if it finds it free, by a merge patch that
// names no version; locked, the patch has the version that was read. Who has it leads.
func LeadByHand(name string, locked bool) func(context.Context, *rest.Config) error {
	return func(ctx context.Context, config *rest.Config) error {
		direct, err := client.New(config, client.Options{})
		if err != nil {
			return err
		}
		lease := &coordination.Lease{}
		if err := direct.Get(ctx, types.NamespacedName{Namespace: "default", Name: "leader"}, lease); err != nil {
			return err
		}
		if holder := lease.Spec.HolderIdentity; holder == nil || *holder == "" {
			patch := client.MergeFrom(lease.DeepCopy())
			if locked {
				patch = client.MergeFromWithOptions(lease.DeepCopy(), client.MergeFromWithOptimisticLock{})
			}
			lease.Spec.HolderIdentity = &name
			err := direct.Patch(ctx, lease, patch)
			fmt.Println("take the lease:", err)
			if err == nil {
				lead(ctx, config, name)
			}
		}
		<-ctx.Done()
		return nil
	}
}

// LeadByClientGo is a replica with client-go's leader election and the same Lease.
func LeadByClientGo(name string) func(context.Context, *rest.Config) error {
	return func(ctx context.Context, config *rest.Config) error {
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  meta.ObjectMeta{Namespace: "default", Name: "leader"},
			Client:     kubernetes.NewForConfigOrDie(config).CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		}
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock,
			// No Lease expires while one execution lasts.
			LeaseDuration: 2 * time.Minute, RenewDeadline: 90 * time.Second, RetryPeriod: 2 * time.Second,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(ctx context.Context) { lead(ctx, config, name) },
				OnStoppedLeading: func() {},
			},
		})
		if err != nil {
			return err
		}
		elector.Run(ctx)
		return nil
	}
}

// lead writes down that this replica leads.
func lead(ctx context.Context, config *rest.Config, name string) {
	direct, err := client.New(config, client.Options{})
	if err == nil {
		leaders := &core.ConfigMap{ObjectMeta: meta.ObjectMeta{Namespace: "default", Name: "leaders"}}
		patch := fmt.Appendf(nil, `{"data":{"%s":"leads"}}`, name)
		err = direct.Patch(ctx, leaders, client.RawPatch(types.MergePatchType, patch))
	}
	fmt.Println(name, "leads:", err)
}
