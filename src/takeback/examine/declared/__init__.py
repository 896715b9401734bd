"""What a file declares of its own origin, signed or only written; and what programs of others say of it."""
