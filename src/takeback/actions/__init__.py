"""
Step 6: what a site is told to do, and the one door through which Takeback speaks to other systems.

`interface` is what is asked of a site, `webhook` how it is asked, `signature` how it knows who asks, `retry`
when it is asked again. `outgoing` is the door; `destination` and `address` say where it does not lead.
"""
