"""What more load, more items and more replicas would take: a queue simulation fed with what was measured."""
