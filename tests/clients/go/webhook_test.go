package clients

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// signer labels ConfigMaps with who made them, and refuses those that hold a secret.
type signer struct{}

func (signer) Default(ctx context.Context, object *corev1.ConfigMap) error {
	request, err := admission.RequestFromContext(ctx)
	if err != nil {
		return err
	}
	object.Labels = map[string]string{"made-by": request.UserInfo.Username}
	return nil
}

func (signer) ValidateCreate(_ context.Context, object *corev1.ConfigMap) (admission.Warnings, error) {
	if _, found := object.Data["secret"]; found {
		return nil, apierrors.NewForbidden(corev1.Resource("configmaps"), object.Name, os.ErrPermission)
	}
	return admission.Warnings{"looked at"}, nil
}

func (signer) ValidateUpdate(context.Context, *corev1.ConfigMap, *corev1.ConfigMap) (admission.Warnings, error) {
	return nil, nil
}

func (signer) ValidateDelete(context.Context, *corev1.ConfigMap) (admission.Warnings, error) {
	return nil, nil
}

// certified writes a certificate for 127.0.0.1 that signs itself, and returns it.
func certified(t *testing.T, folder string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	files := map[string][]byte{"tls.crt": certificate, "tls.key": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: rawKey})}
	for name, content := range files {
		if err = os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate
}

func TestWebhooksOfControllerRuntime(t *testing.T) {
	typedClient, namespace := typed(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	folder := t.TempDir()
	bundle := certified(t, folder)
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: folder})
	server.Register("/default", admission.WithDefaulter[*corev1.ConfigMap](scheme.Scheme, signer{}))
	server.Register("/validate", admission.WithValidator[*corev1.ConfigMap](scheme.Scheme, signer{}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = server.Start(ctx) }()
	until(t, "the webhooks listen", func(context.Context) (bool, error) { return server.StartedChecker()(&http.Request{}) == nil, nil })

	none := admissionregistration.SideEffectClassNone
	rules := []admissionregistration.RuleWithOperations{{
		Operations: []admissionregistration.OperationType{admissionregistration.Create},
		Rule:       admissionregistration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
	}}
	here := &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}}
	at := func(path string) admissionregistration.WebhookClientConfig {
		address := "https://127.0.0.1:" + strconv.Itoa(port) + path
		return admissionregistration.WebhookClientConfig{URL: &address, CABundle: bundle}
	}
	meta := metav1.ObjectMeta{Name: "signer-" + namespace}
	registrations := typedClient.AdmissionregistrationV1()
	_, err = registrations.MutatingWebhookConfigurations().Create(ctx, &admissionregistration.MutatingWebhookConfiguration{
		ObjectMeta: meta,
		Webhooks: []admissionregistration.MutatingWebhook{{
			Name: "default.example.com", ClientConfig: at("/default"), Rules: rules, SideEffects: &none,
			NamespaceSelector: here, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = registrations.ValidatingWebhookConfigurations().Create(ctx, &admissionregistration.ValidatingWebhookConfiguration{
		ObjectMeta: meta,
		Webhooks: []admissionregistration.ValidatingWebhook{{
			Name: "validate.example.com", ClientConfig: at("/validate"), Rules: rules, SideEffects: &none,
			NamespaceSelector: here, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = registrations.MutatingWebhookConfigurations().Delete(context.Background(), meta.Name, metav1.DeleteOptions{})
		_ = registrations.ValidatingWebhookConfigurations().Delete(context.Background(), meta.Name, metav1.DeleteOptions{})
	}()

	maps := typedClient.CoreV1().ConfigMaps(namespace)
	made, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "signed"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if made.Labels["made-by"] != "admin" {
		t.Fatalf("the defaulter was not heard: %v", made.Labels)
	}
	secret := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "open"}, Data: map[string]string{"secret": "x"}}
	_, err = maps.Create(ctx, secret, metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `admission webhook "validate.example.com" denied the request`) {
		t.Fatalf("the validator was not heard: %v", err)
	}
}
