"""What is counted, not logged: nobody fills the audit log from outside."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

FRAMES = Counter("colloque_frames", "Frames by kind and outcome", ["kind", "outcome"])
UNREADABLE = Counter("colloque_unreadable_frames", "Frames that closed their connection")
WRONG_ORIGIN = Counter("colloque_wrong_origins", "Requests refused for their origin or host")
CLOSED = Counter("colloque_connections_closed", "Connections the hub closed", ["code"])
CONNECTIONS = Gauge("colloque_connections", "Open connections")
BATCH_SIZE = Histogram(
    "colloque_commit_batch", "Acts in one commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
)
CSP_REPORTS = Counter("colloque_csp_reports", "Content security policy reports")
