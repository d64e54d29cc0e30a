"""Phase boundaries as curves in two control parameters, special points on them, finished lines kept."""
