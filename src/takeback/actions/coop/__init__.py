"""
ROOST Coop, a review console that an operator may run beside: `account` says where it is and what it may say here.

`report` tells it what waits for a decision, `word` and `signature` take what its people answer.
"""
