"""What the cluster holds: one write primitive, a bounded history of it, and watchers that follow."""
