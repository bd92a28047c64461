"""The hub: it orders, refuses, proves and forwards; it cannot read."""
