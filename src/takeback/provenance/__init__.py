"""
What a file says of its own origin: signed (`c2pa`), or only written into it (`declared`).

Nothing here asks the network, and nothing here says whether a picture is genuine.
"""
