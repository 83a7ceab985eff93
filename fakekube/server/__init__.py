"""The thin asynchronous rim: HTTP in, verbs, bytes out. Only here, and above, may one wait, take the time or use a
socket."""
