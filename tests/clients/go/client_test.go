// Package clients holds fakekube to what programs written with client-go and controller-runtime do, with their default settings.
// KUBECONFIG names the cluster; every test works in a namespace of its own.
package clients

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/retry"
)

const patience = 20 * time.Second

func config(t *testing.T) *rest.Config {
	t.Helper()
	found, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	found.QPS, found.Burst = 1000, 1000
	return found
}

// typed gives a client that speaks protobuf, as controllers' clients do, and a fresh namespace.
func typed(t *testing.T) (*kubernetes.Clientset, string) {
	t.Helper()
	settings := config(t)
	settings.ContentType = "application/vnd.kubernetes.protobuf"
	settings.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client := kubernetes.NewForConfigOrDie(settings)
	namespace, err := client.CoreV1().Namespaces().Create(
		t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "go-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return client, namespace.Name
}

func until(t *testing.T, what string, holds func(context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, patience, true, holds); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	app := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: app},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: app},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "image:1"}}},
			},
		},
	}
}

func TestTypedClientWritesAndReads(t *testing.T) {
	client, namespace := typed(t)
	deployments := client.AppsV1().Deployments(namespace)
	if _, err := deployments.Create(t.Context(), deployment("web", 2), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "the deployment becomes available", func(ctx context.Context) (bool, error) {
		found, err := deployments.Get(ctx, "web", metav1.GetOptions{})
		return err == nil && found.Status.AvailableReplicas == 2, err
	})
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		found, err := deployments.Get(t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		found.Labels = map[string]string{"seen": "yes"}
		_, err = deployments.Update(t.Context(), found, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	scale, err := deployments.GetScale(t.Context(), "web", metav1.GetOptions{})
	if err != nil || scale.Spec.Replicas != 2 || scale.Status.Selector != "app=web" {
		t.Fatalf("scale %+v, %v", scale, err)
	}
	scale.Spec.Replicas = 1
	if _, err = deployments.UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "one pod is left", func(ctx context.Context) (bool, error) {
		pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
		return err == nil && len(pods.Items) == 1, err
	})
	patch := []byte(`{"metadata":{"annotations":{"a":"b"}}}`)
	if _, err = deployments.Patch(t.Context(), "web", types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err = deployments.Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err = deployments.Get(t.Context(), "web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("after deletion: %v", err)
	}
}

func TestRefusalsAreTyped(t *testing.T) {
	client, namespace := typed(t)
	pods := client.CoreV1().Pods(namespace)
	if _, err := pods.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Fatalf("a pod without containers: %v", err)
	}
	maps := client.CoreV1().ConfigMaps(namespace)
	one := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "one"}}
	first, err := maps.Create(t.Context(), one, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = maps.Create(t.Context(), one, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Fatalf("a second time: %v", err)
	}
	first.Data = map[string]string{"k": "v"}
	if _, err = maps.Update(t.Context(), first, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	first.Data["k"] = "w"
	if _, err = maps.Update(t.Context(), first, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Fatalf("a stale version: %v", err)
	}
}

func TestInformersFollow(t *testing.T) {
	client, namespace := typed(t)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps()
	events := make(chan string, 100)
	if _, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { events <- "add " + obj.(*corev1.ConfigMap).Name },
		UpdateFunc: func(_, obj any) { events <- "update " + obj.(*corev1.ConfigMap).Name },
		DeleteFunc: func(obj any) { events <- "delete " + obj.(*corev1.ConfigMap).Name },
	}); err != nil {
		t.Fatal(err)
	}
	factory.Start(t.Context().Done())
	if !cache.WaitForCacheSync(t.Context().Done(), informer.Informer().HasSynced) {
		t.Fatal("the informer does not come in step")
	}
	maps := client.CoreV1().ConfigMaps(namespace)
	made, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "followed"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made.Data = map[string]string{"k": "v"}
	if _, err = maps.Update(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err = maps.Delete(t.Context(), "followed", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	wanted := []string{"add followed", "update followed", "delete followed"}
	for len(wanted) > 0 {
		select {
		case event := <-events:
			if event == wanted[0] {
				wanted = wanted[1:]
			}
		case <-time.After(patience):
			t.Fatalf("still waiting for %v", wanted)
		}
	}
	if found, _ := informer.Lister().List(labels.Everything()); len(found) != 1 { // kube-root-ca.crt
		t.Fatalf("left over: %d", len(found))
	}
}

func TestDynamicClient(t *testing.T) {
	_, namespace := typed(t)
	client := dynamic.NewForConfigOrDie(config(t))
	leases := client.Resource(schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}).Namespace(namespace)
	lease := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
		"metadata": map[string]any{"name": "l"}, "spec": map[string]any{"holderIdentity": "me"},
	}}
	if _, err := leases.Create(t.Context(), lease, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	watcher, err := leases.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=l"})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	if event := <-watcher.ResultChan(); event.Type != "ADDED" {
		t.Fatalf("first %v", event)
	}
	if err = leases.Delete(t.Context(), "l", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if event := <-watcher.ResultChan(); event.Type != "DELETED" {
		t.Fatalf("then %v", event)
	}
}

func TestServerSideApply(t *testing.T) {
	client, namespace := typed(t)
	maps := client.CoreV1().ConfigMaps(namespace)
	apply := func(manager string, force bool, data map[string]string) error {
		wanted := corev1apply.ConfigMap("applied", namespace).WithData(data)
		_, err := maps.Apply(t.Context(), wanted, metav1.ApplyOptions{FieldManager: manager, Force: force})
		return err
	}
	if err := apply("one", false, map[string]string{"a": "1", "b": "1"}); err != nil {
		t.Fatal(err)
	}
	if err := apply("two", false, map[string]string{"a": "2"}); !apierrors.IsConflict(err) {
		t.Fatalf("another's field: %v", err)
	}
	if err := apply("two", true, map[string]string{"a": "2"}); err != nil {
		t.Fatal(err)
	}
	if err := apply("one", false, map[string]string{}); err != nil {
		t.Fatal(err)
	}
	found, err := maps.Get(t.Context(), "applied", metav1.GetOptions{})
	if err != nil || fmt.Sprint(found.Data) != "map[a:2]" {
		t.Fatalf("%v, %v", found.Data, err)
	}
}

func TestLeaderElection(t *testing.T) {
	client, namespace := typed(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	leading := make(chan struct{})
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: "leader", Namespace: namespace},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: "me"},
	}
	go leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock, ReleaseOnCancel: true,
		LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 200 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(leading) },
			OnStoppedLeading: func() {},
		},
	})
	select {
	case <-leading:
	case <-time.After(patience):
		t.Fatal("nobody leads")
	}
	lease, err := client.CoordinationV1().Leases(namespace).Get(t.Context(), "leader", metav1.GetOptions{})
	if err != nil || *lease.Spec.HolderIdentity != "me" {
		t.Fatalf("%v, %v", lease, err)
	}
}

func TestDiscovery(t *testing.T) {
	client := discovery.NewDiscoveryClientForConfigOrDie(config(t))
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, list := range lists {
		for _, resource := range list.APIResources {
			kinds[list.GroupVersion+" "+resource.Kind] = true
		}
	}
	for _, kind := range []string{"v1 Pod", "apps/v1 Deployment", "batch/v1 CronJob", "apiextensions.k8s.io/v1 CustomResourceDefinition"} {
		if !kinds[kind] {
			t.Errorf("%s is not discovered", kind)
		}
	}
}
