"""CEL, the language of rules and policies, as Kubernetes has it.

`compiling.compile` makes a program of a text and an `Environment` (variables with their types, and functions);
`library.functions` are those that Kubernetes has; `costs.highest_cost` estimates a program. Parsing, checking, values
and messages follow cel-go.
"""
