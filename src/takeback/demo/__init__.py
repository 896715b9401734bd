"""
`takeback demo`: the whole path on this machine, from an upload to a verified log.

Two real processes, the service and a sample site, and a story that both have to live through. Read `site`
and `gallery` to see what a site that uses Takeback does.
"""
