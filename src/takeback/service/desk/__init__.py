"""
The desk in the browser: who signs in, what is due, and one case with all that decides it.

Its pages have headers and a cookie of their own; the person's pages (`takeback.service.pages`) know nothing of either.
"""
