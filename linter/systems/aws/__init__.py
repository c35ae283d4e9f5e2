"""AWS: an evaluator of IAM policies of our own, and what it says of an agent's user, role or key."""
