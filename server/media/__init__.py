"""The echo peer of the pre-call test, in a process of its own.

`process` is what the hub holds: it starts the process, asks it, ends it, and imports nothing of
WebRTC. `echo` is what runs in there, on aiortc. It is never in the path of anybody's call.
"""
