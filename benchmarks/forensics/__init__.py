"""What an examination finds, and how often it is wrong: one module for each test."""
