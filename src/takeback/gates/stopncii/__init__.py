"""StopNCII's interface, for clients that fetch a list by it: banks of the operator's, each shared by name."""
