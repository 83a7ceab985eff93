"""What controllers run on: a view of the store, queues of keys, plans, and the committer that carries plans out."""
