"""What is left in a process when a cluster has ended: nothing of what it held. A test suite starts many."""

import gc
from collections import Counter

from fakekube import FakeCluster
from fakekube.registry.verbs import Registry
from fakekube.schema.crds import CustomResource

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: foos.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: foos, kind: Foo, singular: foo, listKind: FooList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.replicas}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {replicas: {type: integer}}, x-kubernetes-validations: [{rule: "true"}]}
          status: {type: object, properties: {replicas: {type: integer}}}
"""
FOO = """
apiVersion: example.com/v1
kind: Foo
metadata: {name: a}
spec: {replicas: 1}
"""


def lived() -> None:
    with FakeCluster(tls=False) as kube:
        kube.apply(DEFINITION)
        kube.apply(FOO)
        kube.settle()
        assert kube.get("foos", "a")["spec"] == {"replicas": 1}


def present() -> Counter[str]:
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, Registry | CustomResource))


def test_nothing_of_a_cluster_is_left_when_it_has_ended() -> None:
    lived()
    before = present()
    lived()
    lived()
    assert present() <= before
