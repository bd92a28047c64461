"""Bounded scenarios against a real hub on this machine, judged from the outside."""
