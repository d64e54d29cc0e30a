"""What a machine says: sampled, enumerated, approximated."""
