"""HTTP and WebSocket: who may knock, sign-in, the built client. Knows the hub, not the database."""
