"""Policy: the words of care, and (with the delegation work) the decisions made of them."""
