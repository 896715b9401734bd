"""
Step 6: what a site is told to do, and the doors through which Takeback speaks to other systems.

`interface` is what is asked of a site, `webhook` how it is asked, `signature` how it knows who asks, `retry`
when it is asked again; `platforms` are sites that are asked in their own software's words. `outgoing` is the door for
that; `destination` and `address` say where it does not lead. `mail` is the door for mail to people, and `bounce` reads
what comes back.
"""
