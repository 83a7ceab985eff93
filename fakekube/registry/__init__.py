"""The API's verbs over every kind: generic flow, a strategy per kind that differs."""
