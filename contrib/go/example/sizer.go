package example

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	apps "k8s.io/api/apps/v1"
	applyapps "k8s.io/client-go/applyconfigurations/apps/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// A Sizer keeps the Deployments of a namespace as it wants them, by server-side apply with force.
type Sizer struct {
	// Replicas is what it applies; with nil it leaves the field to others.
	Replicas *int32

	client client.Client
}

// Run runs a manager with this operator until the context ends.
func (s Sizer) Run(ctx context.Context, config *rest.Config) error {
	log.SetLogger(logr.Discard())
	manager, err := ctrl.NewManager(config, ctrl.Options{Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		return err
	}
	s.client = manager.GetClient()
	if err := ctrl.NewControllerManagedBy(manager).For(&apps.Deployment{}).Complete(&s); err != nil {
		return err
	}
	return manager.Start(ctx)
}

// Reconcile applies the Deployment whenever it is told of it.
func (s *Sizer) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	if err := s.client.Get(ctx, request.NamespacedName, &apps.Deployment{}); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	labels := map[string]string{"app": request.Name}
	container := applycore.Container().WithName("main").WithImage("registry.example.com/main:2")
	template := applycore.PodTemplateSpec().WithLabels(labels).
		WithSpec(applycore.PodSpec().WithContainers(container))
	spec := applyapps.DeploymentSpec().WithTemplate(template).
		WithSelector(applymeta.LabelSelector().WithMatchLabels(labels))
	spec.Replicas = s.Replicas
	wanted := applyapps.Deployment(request.Name, request.Namespace).WithSpec(spec)
	err := s.client.Apply(ctx, wanted, client.FieldOwner("sizer"), client.ForceOwnership)
	fmt.Println("applied, error:", err)
	return ctrl.Result{}, err
}
