"""What each permitted frame does. Called by the gate only, inside a transaction."""
