"""Who people are, which frame follows which rule, what an entry says. Pure: no clock, no I/O."""
