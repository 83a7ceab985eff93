// Prints custom resources as operators encode them, with the Go types of their projects, one a line. Given an argument,
// it reads such lines instead, and the types must have room for all that is in them.
//
// It has no client: compiling one would take longer than all the rest, and the programs in ../go have it.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	certmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	snapshot "github.com/kubernetes-csi/external-snapshotter/client/v8/apis/volumesnapshot/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	cluster "sigs.k8s.io/cluster-api/api/core/v1beta2"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	jobset "sigs.k8s.io/jobset/api/jobset/v1alpha2"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta1"
)

func typed(version, kind string) meta.TypeMeta {
	return meta.TypeMeta{APIVersion: version, Kind: kind}
}

func named(name string) meta.ObjectMeta {
	return meta.ObjectMeta{Name: name, Namespace: "default", Labels: map[string]string{"by": "go"}}
}

func global(name string) meta.ObjectMeta {
	return meta.ObjectMeta{Name: name, Labels: map[string]string{"by": "go"}}
}

// objects are what users of each operator begin with.
func objects() []any {
	pods := core.PodTemplateSpec{Spec: core.PodSpec{
		RestartPolicy: core.RestartPolicyNever,
		Containers: []core.Container{{
			Name: "main", Image: "worker:1",
			Resources: core.ResourceRequirements{Requests: core.ResourceList{"cpu": resource.MustParse("100m")}},
		}},
	}}
	return []any{
		&certmanager.Issuer{TypeMeta: typed("cert-manager.io/v1", "Issuer"), ObjectMeta: named("self"), Spec: certmanager.IssuerSpec{
			IssuerConfig: certmanager.IssuerConfig{SelfSigned: &certmanager.SelfSignedIssuer{}},
		}},
		&certmanager.Certificate{TypeMeta: typed("cert-manager.io/v1", "Certificate"), ObjectMeta: named("web"), Spec: certmanager.CertificateSpec{
			SecretName: "web-tls", DNSNames: []string{"example.com"},
			Duration:  &meta.Duration{Duration: 3600e9},
			IssuerRef: certmeta.IssuerReference{Name: "self"},
		}},
		&gateway.Gateway{TypeMeta: typed("gateway.networking.k8s.io/v1", "Gateway"), ObjectMeta: named("edge"), Spec: gateway.GatewaySpec{
			GatewayClassName: "fake",
			Listeners:        []gateway.Listener{{Name: "http", Port: 80, Protocol: gateway.HTTPProtocolType}},
		}},
		&gateway.HTTPRoute{TypeMeta: typed("gateway.networking.k8s.io/v1", "HTTPRoute"), ObjectMeta: named("web"), Spec: gateway.HTTPRouteSpec{
			CommonRouteSpec: gateway.CommonRouteSpec{ParentRefs: []gateway.ParentReference{{Name: "edge"}}},
			Rules: []gateway.HTTPRouteRule{{BackendRefs: []gateway.HTTPBackendRef{{
				BackendRef: gateway.BackendRef{BackendObjectReference: gateway.BackendObjectReference{
					Name: "web", Port: ptr.To(gateway.PortNumber(8080)),
				}},
			}}}},
		}},
		&jobset.JobSet{TypeMeta: typed("jobset.x-k8s.io/v1alpha2", "JobSet"), ObjectMeta: named("training"), Spec: jobset.JobSetSpec{
			ReplicatedJobs: []jobset.ReplicatedJob{{Name: "workers", Template: batch.JobTemplateSpec{
				Spec: batch.JobSpec{Template: pods},
			}}},
		}},
		&kueue.ResourceFlavor{TypeMeta: typed("kueue.x-k8s.io/v1beta1", "ResourceFlavor"), ObjectMeta: global("small")},
		&kueue.ClusterQueue{TypeMeta: typed("kueue.x-k8s.io/v1beta1", "ClusterQueue"), ObjectMeta: global("all"), Spec: kueue.ClusterQueueSpec{
			NamespaceSelector: &meta.LabelSelector{},
			ResourceGroups: []kueue.ResourceGroup{{
				CoveredResources: []core.ResourceName{"cpu"},
				Flavors: []kueue.FlavorQuotas{{Name: "small", Resources: []kueue.ResourceQuota{
					{Name: "cpu", NominalQuota: resource.MustParse("9")},
				}}},
			}},
		}},
		&kueue.LocalQueue{TypeMeta: typed("kueue.x-k8s.io/v1beta1", "LocalQueue"), ObjectMeta: named("team"), Spec: kueue.LocalQueueSpec{ClusterQueue: "all"}},
		&snapshot.VolumeSnapshot{TypeMeta: typed("snapshot.storage.k8s.io/v1", "VolumeSnapshot"), ObjectMeta: named("nightly"), Spec: snapshot.VolumeSnapshotSpec{
			Source: snapshot.VolumeSnapshotSource{PersistentVolumeClaimName: ptr.To("data")},
		}},
		&cluster.Cluster{TypeMeta: typed("cluster.x-k8s.io/v1beta2", "Cluster"), ObjectMeta: named("prod"), Spec: cluster.ClusterSpec{
			ControlPlaneEndpoint: cluster.APIEndpoint{Host: "192.0.2.1", Port: 6443},
			InfrastructureRef: cluster.ContractVersionedObjectReference{
				APIGroup: "infrastructure.cluster.x-k8s.io", Kind: "FakeCluster", Name: "prod",
			},
		}},
	}
}

// write prints the objects.
func write() error {
	encoder := json.NewEncoder(os.Stdout)
	for _, object := range objects() {
		if err := encoder.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

// read decodes what the cluster has made of the objects, in the same order and into the same types.
func read() error {
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	for _, object := range objects() {
		if err := decoder.Decode(object); err != nil {
			return err
		}
	}
	if decoder.More() {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func main() {
	work := write
	if len(os.Args) > 1 {
		work = read
	}
	if err := work(); err != nil {
		log.Fatal(err)
	}
}
