"""The controllers of the control plane, each a pure reconcile and one row."""
