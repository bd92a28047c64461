"""The headless client of Colloque: for pharmacy software integrators, load and tests.

It signs a persona in, keeps one WebSocket open through the hub's restarts, retries each act with
the same id and bytes until it is answered, reads every conversation in order, and believes a
receipt only once it verifies. Message contents are made by the caller: until our own MLS core
exists the bodies here are opaque, inside headers that the hub can read (see `opaque`).
"""
