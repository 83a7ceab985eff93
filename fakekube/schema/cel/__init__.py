"""CEL, the language of rules and policies, as Kubernetes has it.

`compiling.compile` makes a program of a text and an `Environment` (variables with their types, and functions);
`library.functions` are those that Kubernetes has; `costs.highest_cost` estimates a program, and `evaluating` counts
what it costs meanwhile. Parsing, checking, values, costs and messages follow cel-go; `recovery` finds the words for
expressions that cannot be read, which the quick parser of the others leaves to it.
"""
