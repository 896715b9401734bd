"""What the tests of an examination find on made forgeries, and how often they are wrong on clean pictures."""
