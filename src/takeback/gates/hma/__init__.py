"""HMA's interface (`/h`, `/m`, `/c`, `/status`): for those who move from it, or have a client of it (docs/hma.md)."""
