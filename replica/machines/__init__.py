"""Models at finite size: enumerated, sampled, measured; none of them knows a theory."""
