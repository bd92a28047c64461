"""`python -m server`: the command `colloque`."""

from server.cli import main

main()
