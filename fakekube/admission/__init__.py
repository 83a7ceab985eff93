"""Admission: what changes and judges every write before it is stored."""
