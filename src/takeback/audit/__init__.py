"""
Step 7: the proof. What happened is written once, in order, and a later change to it is found.

`merkle` is the tree of RFC 6962, `event` what is written and how it is committed to, `log` the chain of
entries, its head, and the check of both.
"""
