package clients

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// copier keeps a Secret beside every ConfigMap that asks for it.
type copier struct{ client.Client }

func (c copier) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var source corev1.ConfigMap
	if err := c.Get(ctx, request.NamespacedName, &source); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if source.Labels["copy"] != "yes" {
		return ctrl.Result{}, nil
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: source.Name, Namespace: source.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, c.Client, secret, func() error {
		secret.StringData = source.Data
		return controllerutil.SetControllerReference(&source, secret, c.Scheme())
	})
	return ctrl.Result{}, err
}

func TestManagerWithDefaultSettings(t *testing.T) {
	typedClient, namespace := typed(t)
	manager, err := ctrl.NewManager(config(t), ctrl.Options{Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	err = ctrl.NewControllerManagedBy(manager).For(&corev1.ConfigMap{}).Owns(&corev1.Secret{}).Complete(copier{manager.GetClient()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = manager.Start(ctx) }()
	source := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: namespace, Labels: map[string]string{"copy": "yes"}},
		Data:       map[string]string{"k": "v"},
	}
	if err = manager.GetClient().Create(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	secrets := typedClient.CoreV1().Secrets(namespace)
	until(t, "the copy is made", func(ctx context.Context) (bool, error) {
		found, err := secrets.Get(ctx, "s", metav1.GetOptions{})
		return err == nil && string(found.Data["k"]) == "v", client.IgnoreNotFound(err)
	})
	if err = secrets.Delete(t.Context(), "s", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "a lost copy is made anew", func(ctx context.Context) (bool, error) {
		_, err := secrets.Get(ctx, "s", metav1.GetOptions{})
		return err == nil, client.IgnoreNotFound(err)
	})
	if err = typedClient.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "s", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, "the copy goes with its owner", func(ctx context.Context) (bool, error) {
		_, err := secrets.Get(ctx, "s", metav1.GetOptions{})
		return err != nil, client.IgnoreNotFound(err)
	})
}
