"""The wire: frames, their codec and their codes. Pure; knows no socket and no clock."""
