package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	apps "k8s.io/api/apps/v1"
	authorization "k8s.io/api/authorization/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	events "k8s.io/api/events/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/retry"
)

func named(name string) meta.ObjectMeta {
	return meta.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}
}

func template(name string) core.PodTemplateSpec {
	return core.PodTemplateSpec{
		ObjectMeta: meta.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec: core.PodSpec{Containers: []core.Container{{
			Name: "c", Image: "img:1",
			Ports: []core.ContainerPort{{ContainerPort: 80}},
			Resources: core.ResourceRequirements{Limits: core.ResourceList{
				"cpu": resource.MustParse("500m"), "memory": resource.MustParse("64Mi"),
			}},
			LivenessProbe: &core.Probe{ProbeHandler: core.ProbeHandler{
				HTTPGet: &core.HTTPGetAction{Path: "/", Port: intstr.FromString("http")},
			}},
			Env: []core.EnvVar{{Name: "A", ValueFrom: &core.EnvVarSource{
				ConfigMapKeyRef: &core.ConfigMapKeySelector{
					LocalObjectReference: core.LocalObjectReference{Name: "m"}, Key: "k",
				},
			}}},
		}}},
	}
}

func selector(name string) *meta.LabelSelector {
	return &meta.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func want(found, wanted any) error {
	if found != wanted {
		return fmt.Errorf("found %v, wanted %v", found, wanted)
	}
	return nil
}

func clientGo(config *rest.Config) []call {
	client := kubernetes.NewForConfigOrDie(config)
	dyn := dynamic.NewForConfigOrDie(config)
	metas := metadata.NewForConfigOrDie(config)
	ns := "default"
	maps := client.CoreV1().ConfigMaps(ns)
	three := int32(3)
	return []call{
		{"ConfigMap create", func(ctx context.Context) error {
			made, err := maps.Create(ctx, &core.ConfigMap{ObjectMeta: named("m"),
				Data:       map[string]string{"a": "1", "b": ""},
				BinaryData: map[string][]byte{"z": {0, 1, 2}}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			return want(fmt.Sprint(made.Data, made.BinaryData, made.UID != ""),
				"map[a:1 b:] map[z:[0 1 2]] true")
		}},
		{"ConfigMap update with RetryOnConflict", func(ctx context.Context) error {
			return retry.RetryOnConflict(retry.DefaultRetry, func() error {
				found, err := maps.Get(ctx, "m", meta.GetOptions{})
				if err != nil {
					return err
				}
				found.Data["a"] = "2"
				_, err = maps.Update(ctx, found, meta.UpdateOptions{})
				return err
			})
		}},
		{"stale update is a conflict", func(ctx context.Context) error {
			found, err := maps.Get(ctx, "m", meta.GetOptions{})
			if err != nil {
				return err
			}
			found.ResourceVersion = "1"
			_, err = maps.Update(ctx, found, meta.UpdateOptions{})
			return want(apierrors.IsConflict(err), true)
		}},
		{"not found is not found", func(ctx context.Context) error {
			_, err := maps.Get(ctx, "nothing", meta.GetOptions{})
			return want(apierrors.IsNotFound(err), true)
		}},
		{"list with selectors", func(ctx context.Context) error {
			list, err := maps.List(ctx, meta.ListOptions{LabelSelector: "app=m", FieldSelector: "metadata.name=m"})
			if err != nil {
				return err
			}
			return want(len(list.Items) == 1 && list.Items[0].Data["a"] == "2", true)
		}},
		{"merge, strategic and JSON patches", func(ctx context.Context) error {
			for kind, patch := range map[types.PatchType]string{
				types.MergePatchType:          `{"data":{"c":"3"}}`,
				types.StrategicMergePatchType: `{"metadata":{"labels":{"x":"y"}}}`,
				types.JSONPatchType:           `[{"op":"add","path":"/data/d","value":"4"}]`,
			} {
				if _, err := maps.Patch(ctx, "m", kind, []byte(patch), meta.PatchOptions{}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"apply", func(ctx context.Context) error {
			apply := applycore.ConfigMap("applied", ns).WithData(map[string]string{"k": "v"})
			_, err := maps.Apply(ctx, apply, meta.ApplyOptions{FieldManager: "go"})
			return err
		}},
		{"Secret with stringData", func(ctx context.Context) error {
			made, err := client.CoreV1().Secrets(ns).Create(ctx, &core.Secret{ObjectMeta: named("s"),
				StringData: map[string]string{"k": "v"}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			return want(string(made.Data["k"])+string(made.Type), "vOpaque")
		}},
		{"Namespace create", func(ctx context.Context) error {
			_, err := client.CoreV1().Namespaces().Create(ctx, &core.Namespace{ObjectMeta: named("other")}, meta.CreateOptions{})
			return err
		}},
		{"Node create, UpdateStatus, field selector", func(ctx context.Context) error {
			node, err := client.CoreV1().Nodes().Create(ctx, &core.Node{ObjectMeta: named("n"),
				Status: core.NodeStatus{Capacity: core.ResourceList{"cpu": resource.MustParse("8")}}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			node.Status.Conditions = append(node.Status.Conditions, core.NodeCondition{
				Type: core.NodeReady, Status: core.ConditionTrue, LastHeartbeatTime: meta.Now()})
			if _, err = client.CoreV1().Nodes().UpdateStatus(ctx, node, meta.UpdateOptions{}); err != nil {
				return err
			}
			list, err := client.CoreV1().Nodes().List(ctx, meta.ListOptions{FieldSelector: "spec.unschedulable=false"})
			if err != nil {
				return err
			}
			return want(len(list.Items), 1)
		}},
		{"Pod create, UpdateStatus", func(ctx context.Context) error {
			pod, err := client.CoreV1().Pods(ns).Create(ctx, &core.Pod{ObjectMeta: named("p"),
				Spec: template("p").Spec}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			cpu := pod.Spec.Containers[0].Resources.Limits["cpu"]
			if cpu.String() != "500m" || pod.Spec.Containers[0].LivenessProbe.HTTPGet.Port.StrVal != "http" {
				return fmt.Errorf("came back as %v", pod.Spec.Containers[0])
			}
			pod.Status.Phase = core.PodRunning
			pod, err = client.CoreV1().Pods(ns).UpdateStatus(ctx, pod, meta.UpdateOptions{})
			if err != nil {
				return err
			}
			return want(pod.Status.Phase, core.PodRunning)
		}},
		{"Deployment create, update, UpdateStatus", func(ctx context.Context) error {
			made, err := client.AppsV1().Deployments(ns).Create(ctx, &apps.Deployment{ObjectMeta: named("d"),
				Spec: apps.DeploymentSpec{Replicas: &three, Selector: selector("d"), Template: template("d")}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			made.Spec.Template.Spec.Containers[0].Image = "img:2"
			if made, err = client.AppsV1().Deployments(ns).Update(ctx, made, meta.UpdateOptions{}); err != nil {
				return err
			}
			made.Status.ReadyReplicas = 3
			made, err = client.AppsV1().Deployments(ns).UpdateStatus(ctx, made, meta.UpdateOptions{})
			if err != nil {
				return err
			}
			return want(fmt.Sprint(made.Generation, made.Status.ReadyReplicas), "2 3")
		}},
		{"Deployment GetScale, UpdateScale", func(ctx context.Context) error {
			scale, err := client.AppsV1().Deployments(ns).GetScale(ctx, "d", meta.GetOptions{})
			if err != nil {
				return err
			}
			scale.Spec.Replicas = 5
			scale, err = client.AppsV1().Deployments(ns).UpdateScale(ctx, "d", scale, meta.UpdateOptions{})
			if err != nil {
				return err
			}
			return want(scale.Spec.Replicas, int32(5))
		}},
		{"StatefulSet", func(ctx context.Context) error {
			_, err := client.AppsV1().StatefulSets(ns).Create(ctx, &apps.StatefulSet{ObjectMeta: named("ss"),
				Spec: apps.StatefulSetSpec{ServiceName: "ss", Selector: selector("ss"), Template: template("ss")}}, meta.CreateOptions{})
			return err
		}},
		{"DaemonSet, ReplicaSet", func(ctx context.Context) error {
			_, err := client.AppsV1().DaemonSets(ns).Create(ctx, &apps.DaemonSet{ObjectMeta: named("ds"),
				Spec: apps.DaemonSetSpec{Selector: selector("ds"), Template: template("ds")}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			_, err = client.AppsV1().ReplicaSets(ns).Create(ctx, &apps.ReplicaSet{ObjectMeta: named("rs"),
				Spec: apps.ReplicaSetSpec{Selector: selector("rs"), Template: template("rs")}}, meta.CreateOptions{})
			return err
		}},
		{"Job, CronJob", func(ctx context.Context) error {
			job := template("j")
			job.Spec.RestartPolicy = core.RestartPolicyNever
			made, err := client.BatchV1().Jobs(ns).Create(ctx, &batch.Job{ObjectMeta: named("j"),
				Spec: batch.JobSpec{Template: job}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			if made.Spec.Selector == nil || made.Spec.BackoffLimit == nil {
				return errors.New("no selector or backoffLimit")
			}
			_, err = client.BatchV1().CronJobs(ns).Create(ctx, &batch.CronJob{ObjectMeta: named("cj"),
				Spec: batch.CronJobSpec{Schedule: "* * * * *", JobTemplate: batch.JobTemplateSpec{Spec: batch.JobSpec{Template: job}}}}, meta.CreateOptions{})
			return err
		}},
		{"Service", func(ctx context.Context) error {
			made, err := client.CoreV1().Services(ns).Create(ctx, &core.Service{ObjectMeta: named("svc"),
				Spec: core.ServiceSpec{Selector: map[string]string{"app": "p"},
					Ports: []core.ServicePort{{Port: 80}}}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			return want(made.Spec.ClusterIP != "" && made.Spec.Ports[0].TargetPort.IntVal == 80, true)
		}},
		{"ServiceAccount, Role, RoleBinding", func(ctx context.Context) error {
			if _, err := client.CoreV1().ServiceAccounts(ns).Create(ctx, &core.ServiceAccount{ObjectMeta: named("sa")}, meta.CreateOptions{}); err != nil {
				return err
			}
			rules := []rbac.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}
			if _, err := client.RbacV1().Roles(ns).Create(ctx, &rbac.Role{ObjectMeta: named("r"), Rules: rules}, meta.CreateOptions{}); err != nil {
				return err
			}
			_, err := client.RbacV1().RoleBindings(ns).Create(ctx, &rbac.RoleBinding{ObjectMeta: named("rb"),
				RoleRef:  rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: "r"},
				Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "sa", Namespace: ns}}}, meta.CreateOptions{})
			return err
		}},
		{"Ingress, NetworkPolicy", func(ctx context.Context) error {
			prefix := networking.PathTypePrefix
			rule := networking.IngressRule{Host: "a.example.com", IngressRuleValue: networking.IngressRuleValue{
				HTTP: &networking.HTTPIngressRuleValue{Paths: []networking.HTTPIngressPath{{Path: "/", PathType: &prefix,
					Backend: networking.IngressBackend{Service: &networking.IngressServiceBackend{Name: "svc",
						Port: networking.ServiceBackendPort{Number: 80}}}}}}}}
			made, err := client.NetworkingV1().Ingresses(ns).Create(ctx, &networking.Ingress{ObjectMeta: named("i"),
				Spec: networking.IngressSpec{Rules: []networking.IngressRule{rule}}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			if made.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port.Number != 80 {
				return fmt.Errorf("came back as %v", made.Spec)
			}
			_, err = client.NetworkingV1().NetworkPolicies(ns).Create(ctx, &networking.NetworkPolicy{ObjectMeta: named("np")}, meta.CreateOptions{})
			return err
		}},
		{"HorizontalPodAutoscaler, PodDisruptionBudget", func(ctx context.Context) error {
			_, err := client.AutoscalingV2().HorizontalPodAutoscalers(ns).Create(ctx, &autoscaling.HorizontalPodAutoscaler{ObjectMeta: named("h"),
				Spec: autoscaling.HorizontalPodAutoscalerSpec{MaxReplicas: 3,
					ScaleTargetRef: autoscaling.CrossVersionObjectReference{Kind: "Deployment", Name: "d", APIVersion: "apps/v1"}}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			one := intstr.FromInt32(1)
			_, err = client.PolicyV1().PodDisruptionBudgets(ns).Create(ctx, &policy.PodDisruptionBudget{ObjectMeta: named("pdb"),
				Spec: policy.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: selector("p")}}, meta.CreateOptions{})
			return err
		}},
		{"Lease", func(ctx context.Context) error {
			holder := "me"
			now := meta.NowMicro()
			made, err := client.CoordinationV1().Leases(ns).Create(ctx, &coordination.Lease{ObjectMeta: named("l"),
				Spec: coordination.LeaseSpec{HolderIdentity: &holder, RenewTime: &now}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			return want(made.Spec.RenewTime.UnixMicro(), now.UnixMicro())
		}},
		{"leader election", func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			led := make(chan struct{})
			lock := &resourcelock.LeaseLock{LeaseMeta: meta.ObjectMeta{Name: "leader", Namespace: ns},
				Client: client.CoordinationV1(), LockConfig: resourcelock.ResourceLockConfig{Identity: "go"}}
			go leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{Lock: lock,
				LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: time.Second,
				Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { close(led) }, OnStoppedLeading: func() {}}})
			select {
			case <-led:
				return nil
			case <-time.After(10 * time.Second):
				return errors.New("never led")
			}
		}},
		{"events of both groups", func(ctx context.Context) error {
			_, err := client.CoreV1().Events(ns).Create(ctx, &core.Event{ObjectMeta: named("e1"),
				InvolvedObject: core.ObjectReference{Kind: "Pod", Name: "p", Namespace: ns}, Reason: "R", Message: "m",
				FirstTimestamp: meta.Now(), LastTimestamp: meta.Now(), Count: 1, Type: "Normal"}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			_, err = client.EventsV1().Events(ns).Create(ctx, &events.Event{ObjectMeta: named("e2"), EventTime: meta.NowMicro(),
				ReportingController: "go", ReportingInstance: "go-1", Action: "A", Reason: "R", Note: "n", Type: "Normal",
				Regarding: core.ObjectReference{Kind: "Pod", Name: "p", Namespace: ns}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			list, err := client.CoreV1().Events(ns).List(ctx, meta.ListOptions{FieldSelector: "involvedObject.name=p"})
			if err != nil {
				return err
			}
			return want(len(list.Items) >= 2, true)
		}},
		{"event recorder", func(ctx context.Context) error {
			broadcaster := record.NewBroadcaster()
			defer broadcaster.Shutdown()
			broadcaster.StartRecordingToSink(&corev1.EventSinkImpl{Interface: client.CoreV1().Events(ns)})
			recorder := broadcaster.NewRecorder(scheme.Scheme, core.EventSource{Component: "go"})
			recorder.Event(&core.ObjectReference{Kind: "Pod", Name: "recorded", Namespace: ns}, "Normal", "Recorded", "hello")
			for range 50 {
				list, err := client.CoreV1().Events(ns).List(ctx, meta.ListOptions{FieldSelector: "involvedObject.name=recorded"})
				if err == nil && len(list.Items) == 1 {
					return nil
				}
				time.Sleep(100 * time.Millisecond)
			}
			return errors.New("no event")
		}},
		{"SelfSubjectAccessReview", func(ctx context.Context) error {
			review, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorization.SelfSubjectAccessReview{
				Spec: authorization.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorization.ResourceAttributes{Verb: "get", Resource: "pods"}}}, meta.CreateOptions{})
			if err != nil {
				return err
			}
			return want(review.Status.Allowed, true)
		}},
		{"watch", func(ctx context.Context) error {
			watch, err := maps.Watch(ctx, meta.ListOptions{})
			if err != nil {
				return err
			}
			defer watch.Stop()
			select {
			case event := <-watch.ResultChan():
				_, isMap := event.Object.(*core.ConfigMap)
				return want(isMap, true)
			case <-ctx.Done():
				return ctx.Err()
			}
		}},
		{"informers", func(ctx context.Context) error {
			factory := informers.NewSharedInformerFactory(client, 0)
			pods, deployments := factory.Core().V1().Pods(), factory.Apps().V1().Deployments()
			synced := []cache.InformerSynced{pods.Informer().HasSynced, deployments.Informer().HasSynced}
			factory.Start(ctx.Done())
			if !cache.WaitForCacheSync(ctx.Done(), synced...) {
				return errors.New("no sync")
			}
			found, err := pods.Lister().List(labels.Everything())
			if err != nil {
				return err
			}
			return want(len(found), 1)
		}},
		{"dynamic and metadata clients", func(ctx context.Context) error {
			resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
			object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
				"metadata": map[string]any{"name": "dyn"}}}
			if _, err := dyn.Resource(resource).Namespace(ns).Create(ctx, object, meta.CreateOptions{}); err != nil {
				return err
			}
			found, err := metas.Resource(resource).Namespace(ns).Get(ctx, "dyn", meta.GetOptions{})
			if err != nil {
				return err
			}
			list, err := metas.Resource(resource).Namespace(ns).List(ctx, meta.ListOptions{})
			if err != nil {
				return err
			}
			return want(found.Name == "dyn" && len(list.Items) > 2, true)
		}},
		{"discovery", func(ctx context.Context) error {
			groups, resources, err := client.Discovery().ServerGroupsAndResources()
			if err != nil {
				return err
			}
			return want(len(groups) > 10 && len(resources) > 10, true)
		}},
		{"delete with options, DeleteCollection", func(ctx context.Context) error {
			policy, zero := meta.DeletePropagationBackground, int64(0)
			if err := maps.Delete(ctx, "m", meta.DeleteOptions{PropagationPolicy: &policy}); err != nil {
				return err
			}
			if err := client.CoreV1().Pods(ns).Delete(ctx, "p", meta.DeleteOptions{GracePeriodSeconds: &zero}); err != nil {
				return err
			}
			wrong := types.UID("wrong")
			err := maps.Delete(ctx, "applied", meta.DeleteOptions{Preconditions: &meta.Preconditions{UID: &wrong}})
			if !apierrors.IsConflict(err) {
				return fmt.Errorf("a wrong uid was no conflict: %v", err)
			}
			return maps.DeleteCollection(ctx, meta.DeleteOptions{}, meta.ListOptions{})
		}},
	}
}
