"""The HTTP door: one route module per resource; none holds a rule of its own."""
