"""The tamper-evident log: Merkle tree, tiles, signed checkpoints, offline receipts."""
