"""What is wrong with a pod's spec, field by field, in the real server's order and words.

The rules are those of kubernetes/pkg/apis/core/validation/validation.go as of 1.36 with the default feature gates.
"""
