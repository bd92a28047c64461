"""What makes Colloque's promises checkable: encodings, the audit log's proofs, MLS framing.

Everything below is pure. It opens no file, asks no clock and draws no random number: callers
hand in bytes, keys and readers. Whatever comes off the wire is refused with a `CryptoError`.
"""
