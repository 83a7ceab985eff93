"""CustomResourceDefinitions themselves: which names they may take, and what is wrong with what they say."""
