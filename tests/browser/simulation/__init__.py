"""Days of the desk on a clock that a test moves: a real service, a site, people in browsers."""
