"""The hub: sockets, the one writer, the one gate. Only this package makes tasks."""
