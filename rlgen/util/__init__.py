"""General tools, independent of reinforcement learning."""
