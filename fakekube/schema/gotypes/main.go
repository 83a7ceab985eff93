// Command gotypes prints, as JSON, what reflection tells of the Go types behind the API and OpenAPI does not: the name and
// package of each struct, and of each field its Go type, whether it is a pointer, and its omitempty and omitzero.
//
// fakekube.schema.generate merges it with the OpenAPI documents.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"sort"
	"strings"

	admission "k8s.io/api/admission/v1"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	apidiscovery "k8s.io/api/apidiscovery/v2"
	apps "k8s.io/api/apps/v1"
	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	certificates "k8s.io/api/certificates/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	events "k8s.io/api/events/v1"
	flowcontrol "k8s.io/api/flowcontrol/v1"
	networking "k8s.io/api/networking/v1"
	node "k8s.io/api/node/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	resource "k8s.io/api/resource/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

var register = []func(*runtime.Scheme) error{
	admission.AddToScheme, admissionregistration.AddToScheme, apidiscovery.AddToScheme, apiextensions.AddToScheme,
	apiregistration.AddToScheme, apps.AddToScheme, authentication.AddToScheme, authorization.AddToScheme,
	autoscalingv1.AddToScheme, autoscalingv2.AddToScheme, batch.AddToScheme, certificates.AddToScheme,
	coordination.AddToScheme, core.AddToScheme, discovery.AddToScheme, events.AddToScheme, flowcontrol.AddToScheme,
	networking.AddToScheme, node.AddToScheme, policy.AddToScheme, rbac.AddToScheme, resource.AddToScheme,
	scheduling.AddToScheme, storage.AddToScheme, meta.AddMetaToScheme,
}

// A Type is a Go type: Kind is "struct", "custom" (it has its own JSON form), "slice", "map", "any" or a scalar's kind.
type Type struct {
	Kind    string `json:"kind"`
	Go      string `json:"go"`
	Name    string `json:"name,omitempty"`
	Pointer bool   `json:"pointer,omitempty"`
	Elem    *Type  `json:"elem,omitempty"`
}

// A Field is one JSON member of a struct. Path names the embedded structs between the struct and the field.
type Field struct {
	JSON      string   `json:"json"`
	Type      Type     `json:"type"`
	OmitEmpty bool     `json:"omitempty,omitempty"`
	OmitZero  bool     `json:"omitzero,omitempty"`
	Path      []string `json:"path,omitempty"`
}

type Struct struct {
	Go     string  `json:"go"`
	Fields []Field `json:"fields"`
}

type Kind struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
	Struct  string `json:"struct"`
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()
var structs = map[string]*Struct{}

// openAPIName gives the name under which OpenAPI documents define a Go type: its package's host reversed, joined by dots.
func openAPIName(t reflect.Type) string {
	host, rest, _ := strings.Cut(t.PkgPath(), "/")
	parts := strings.Split(host, ".")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, ".") + "." + strings.ReplaceAll(rest, "/", ".") + "." + t.Name()
}

func describe(t reflect.Type) Type {
	if t.Kind() == reflect.Pointer {
		found := describe(t.Elem())
		found.Pointer = true
		return found
	}
	found := Type{Kind: t.Kind().String(), Go: t.String()}
	if t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(unmarshaler) {
		found.Kind, found.Name = "custom", openAPIName(t)
		if t.Kind() == reflect.Struct {
			explore(t)
		}
		return found
	}
	switch t.Kind() {
	case reflect.Struct:
		found.Name = openAPIName(t)
		explore(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			found.Kind = "bytes"
			return found
		}
		elem := describe(t.Elem())
		found.Elem = &elem
	case reflect.Map:
		elem := describe(t.Elem())
		found.Elem = &elem
	case reflect.Interface:
		found.Kind = "any"
	}
	return found
}

// explore enters a struct, and those it refers to, into structs; each once.
func explore(t reflect.Type) {
	name := openAPIName(t)
	if structs[name] != nil {
		return
	}
	found := &Struct{Go: t.String(), Fields: []Field{}}
	structs[name] = found
	collect(t, nil, found)
}

func collect(t reflect.Type, path []string, into *Struct) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("json")
		if tag == "-" || !field.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		kind := field.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if name == "" && field.Anonymous && kind.Kind() == reflect.Struct {
			collect(kind, append(append([]string{}, path...), field.Name), into)
			continue
		}
		if name == "" {
			name = field.Name
		}
		has := map[string]bool{}
		for _, option := range strings.Split(options, ",") {
			has[option] = true
		}
		into.Fields = append(into.Fields, Field{name, describe(field.Type), has["omitempty"], has["omitzero"], path})
	}
}

func main() {
	scheme := runtime.NewScheme()
	for _, add := range register {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	kinds := []Kind{}
	for gvk, t := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal {
			continue
		}
		explore(t)
		kinds = append(kinds, Kind{gvk.Group, gvk.Version, gvk.Kind, openAPIName(t)})
	}
	sort.Slice(kinds, func(i, j int) bool {
		a, b := kinds[i], kinds[j]
		return a.Group+"\x00"+a.Version+"\x00"+a.Kind < b.Group+"\x00"+b.Version+"\x00"+b.Kind
	})
	encoder := json.NewEncoder(os.Stdout)
	if err := encoder.Encode(map[string]any{"kinds": kinds, "structs": structs}); err != nil {
		panic(err)
	}
}
