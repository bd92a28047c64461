"""What the hub and the headless client read of an MLS message, none of it secret."""
